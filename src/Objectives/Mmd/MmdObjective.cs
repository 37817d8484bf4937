using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Options;
using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// The multi-kernel maximum mean discrepancy between the modalities' embeddings (equation 2 of Gentle-CLIP), whose weight is delta there. In the history
/// as <c>mmd</c>; see docs/objectives/mk-mmd.md.
/// </summary>
public sealed record MmdObjective : Objective
{
    private readonly MmdKernelWeights _kernelWeights = MmdKernelWeights.Fixed;
    private readonly double _gaussianWeight = 0.5;
    private readonly double? _gaussianBandwidth;

    /// <summary>Creates the objective with a weight of 1.</summary>
    public MmdObjective()
        : base("mmd")
    {
    }

    /// <summary>Who chooses the weights of the Gaussian and the polynomial kernel. Default <see cref="MmdKernelWeights.Fixed"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public MmdKernelWeights KernelWeights
    {
        get => _kernelWeights;
        init => _kernelWeights = Check.Defined(value, nameof(KernelWeights));
    }

    /// <summary>Weight of the Gaussian kernel, the polynomial one has the rest, 0 to 1; the starting point of learnable weights. Default 0.5.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double GaussianWeight
    {
        get => _gaussianWeight;
        init => _gaussianWeight = Check.InRange(value, 0, 1, nameof(GaussianWeight));
    }

    /// <summary>Bandwidth of the Gaussian kernel exp(-d² / (2 bandwidth²)), above 0; null (default) takes it from the median distance of each batch.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double? GaussianBandwidth
    {
        get => _gaussianBandwidth;
        init => _gaussianBandwidth = value is { } bandwidth ? Check.Positive(bandwidth, nameof(GaussianBandwidth)) : null;
    }

    /// <inheritdoc/>
    public override ObjectiveNeeds Needs { get; } = new() { UnpairedSamples = true };

    /// <summary>The second kernel.</summary>
    internal PolynomialKernel Polynomial { get; init; } = new();

    /// <summary>Share of the past in the running means of power weights.</summary>
    internal double PowerDecay { get; init; } = 0.9;

    /// <summary>Leaves a sample's kernel with itself out. The biased form is equation 2 and never negative; the unbiased one is for reporting.</summary>
    internal bool Unbiased { get; init; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The kernels' weights change with training, and this is none: another objective called.</exception>
    public override Tensor Compute(ObjectiveBatch batch)
    {
        if (batch.State is MkMmdLoss state)
            return batch.Prepared is MmdStatistics prepared
                ? state.Compute(batch.EmbeddingsA, batch.EmbeddingsB, prepared)
                : state.Compute(batch.EmbeddingsA, batch.EmbeddingsB);
        if (KernelWeights != MmdKernelWeights.Fixed)
            throw new InvalidOperationException(
                $"{nameof(MmdObjective)} with {nameof(KernelWeights)} {KernelWeights} must be one of the training's objectives itself; within another "
                + $"one expected {MmdKernelWeights.Fixed}.");
        using var fixedWeights = new MkMmdLoss(this, batch.BlockSize);
        return fixedWeights.Compute(batch.Pairs);
    }

    internal override object? Prepare(ObjectiveBatch batch, PairStatistics pairs) => (batch.State as MkMmdLoss)?.Ask(pairs);

    internal override nn.Module? CreateState(int blockSize) => new MkMmdLoss(this, blockSize);
}

/// <summary>What MK-MMD is made of: the kernels' sums within A, within B and across; those of the polynomial one only where that takes every pair.</summary>
internal sealed record MmdStatistics(Tensor SquaredBandwidth, IReadOnlyList<PairResult> Gaussian, IReadOnlyList<PairResult>? Polynomial);

/// <summary>
/// Multi-kernel maximum mean discrepancy between the two modalities' embeddings (the paper's equation 2):
/// a weighted sum of the squared distances between the kernel means, for a Gaussian and a polynomial kernel.
/// A module, for the state that learnable and power weights have.
/// </summary>
internal sealed class MkMmdLoss : nn.Module
{
    private const int RowsForStatistics = 256;
    private const double SmallestSquaredBandwidth = 1e-4;
    private const string LogitsName = "kernelLogits", StatisticsName = "kernelStatistics";

    private readonly MmdObjective _settings;
    private readonly int _blockSize;

    // A move to another device or type makes new tensors, and puts them into the field of the registered name.
    [ComponentName(Name = LogitsName)]
    private readonly Parameter? _logits;

    [ComponentName(Name = StatisticsName)]
    private readonly Tensor? _statistics;

    public MkMmdLoss(MmdObjective settings, int blockSize = Pairwise.DefaultBlockSize)
        : base(nameof(MkMmdLoss))
    {
        (_settings, _blockSize) = (settings, blockSize);
        using var scope = NewDisposeScope();
        if (settings.KernelWeights == MmdKernelWeights.Learnable)
        {
            var weight = Math.Clamp(settings.GaussianWeight, 1e-3, 1 - 1e-3);
            _logits = nn.Parameter(tensor(new[] { (float)Math.Log(weight), (float)Math.Log(1 - weight) }));
            _logits.DetachFromDisposeScope();
            register_parameter(LogitsName, _logits);
        }
        else if (settings.KernelWeights == MmdKernelWeights.Power)
        {
            _statistics = PowerWeights.NewStatistics().DetachFromDisposeScope();
            register_buffer(StatisticsName, _statistics);
        }
    }

    /// <summary>Scalar loss; zero with a graph where a side has no rows (unbiased: fewer than two).</summary>
    /// <param name="u">Embeddings `[n, dim]`.</param>
    /// <param name="v">Embeddings `[m, dim]`; m may differ from n.</param>
    public Tensor Compute(Tensor u, Tensor v) => Compute(new PairStatistics(u, v, _blockSize));

    /// <summary>As <see cref="Compute(Tensor, Tensor)"/>, from the pairs of a batch.</summary>
    public Tensor Compute(PairStatistics pairs)
    {
        var (u, v) = (pairs.A, pairs.B);
        using var scope = NewDisposeScope();
        if (Ask(pairs) is not { } statistics)
            return (_logits is null ? Pairwise.ZeroWithGraph(u, v) : Pairwise.ZeroWithGraph(u, v, _logits)).MoveToOuterDisposeScope();
        pairs.Compute();
        return Compute(u, v, statistics).MoveToOuterDisposeScope();
    }

    /// <summary>The loss from its statistics.</summary>
    public Tensor Compute(Tensor u, Tensor v, MmdStatistics statistics)
    {
        using var scope = NewDisposeScope();
        return Compute(u, v, statistics, Weights(u, v, statistics.SquaredBandwidth)).MoveToOuterDisposeScope();
    }

    /// <summary>Asks for the statistics; null where there is no loss.</summary>
    public MmdStatistics? Ask(PairStatistics pairs)
    {
        if (IsTooSmall(pairs.A, pairs.B))
            return null;
        var bandwidth = Bandwidth(pairs.A, pairs.B);
        var polynomial = _settings.Polynomial;
        return new(
            bandwidth, Of((matrix, own) => new GaussianRequest(matrix, bandwidth, own)),
            UsesMoments(pairs.A, pairs.B) ? null : Of((matrix, own) => new PolynomialRequest(matrix, polynomial, own)));

        PairResult[] Of(Func<PairMatrix, bool, PairRequest> request) =>
        [
            pairs.Add(request(PairMatrix.A, _settings.Unbiased)), pairs.Add(request(PairMatrix.B, _settings.Unbiased)),
            pairs.Add(request(PairMatrix.AB, false)),
        ];
    }

    /// <summary>As <see cref="Compute(Tensor, Tensor)"/> with given kernel weights `[2]`, to which gradients flow.</summary>
    public Tensor Compute(Tensor u, Tensor v, Tensor weights)
    {
        using var scope = NewDisposeScope();
        var pairs = new PairStatistics(u, v, _blockSize);
        if (Ask(pairs) is not { } statistics)
            return Pairwise.ZeroWithGraph(u, v, weights).MoveToOuterDisposeScope();
        pairs.Compute();
        return Compute(u, v, statistics, weights).MoveToOuterDisposeScope();
    }

    /// <summary>Half the lower median of the pooled squared distances, without gradient, from evenly spaced rows where there are many.</summary>
    internal static Tensor MedianBandwidth(Tensor u, Tensor v)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var pooled = EvenlySpaced(cat([u, v], 0));
        var median = Medians.LowerOfPairs(Pairwise.SquaredDistances(pooled, pooled));
        return median.Over(2).clamp_min(Scalars.Of(SmallestSquaredBandwidth)).MoveToOuterDisposeScope();
    }

    private bool IsTooSmall(Tensor u, Tensor v) => Math.Min(u.size(0), v.size(0)) < (_settings.Unbiased ? 2 : 1);

    private Tensor Bandwidth(Tensor u, Tensor v) => _settings.GaussianBandwidth is { } given ? tensor(given * given, u.dtype, u.device) : MedianBandwidth(u, v);

    private Tensor Weights(Tensor u, Tensor v, Tensor bandwidth)
    {
        var (gaussian, n) = (_settings.GaussianWeight, Math.Min(u.size(0), v.size(0)));
        if (_logits is not null)
        {
            var weights = _logits.to(u.dtype, u.device).softmax(0);
            return weights.detach().Times(2) - weights; // the same weights with the gradient reversed
        }

        if (_statistics is not null)
        {
            if (training && n > 1)
                PowerWeights.Update(
                    _statistics, EvenlySpaced(u.narrow(0, 0, n)), EvenlySpaced(v.narrow(0, 0, n)), bandwidth, _settings.Polynomial, _settings.PowerDecay);
            gaussian = PowerWeights.GaussianWeight(_statistics);
        }

        return tensor(new[] { gaussian, 1 - gaussian }, u.dtype, u.device);
    }

    private Tensor Compute(Tensor u, Tensor v, MmdStatistics statistics, Tensor weights)
    {
        var (n, m, own) = ((double)u.size(0), (double)v.size(0), _settings.Unbiased ? 1 : 0);
        return weights.dot(cat([Discrepancy(statistics.Gaussian), statistics.Polynomial is { } sums ? Discrepancy(sums) : OfMoments()], 0));

        Tensor Discrepancy(IReadOnlyList<PairResult> sums) =>
            sums[0].Value.Over(n * (n - own)).Plus(sums[1].Value.Over(m * (m - own))) - sums[2].Value.Times(2 / (n * m));

        // Sum over i and j of (gamma <x_i, y_j> + c)²: the inner products' squares sum up to <X'X, Y'Y>, and c² falls out.
        Tensor OfMoments()
        {
            var (kernel, second) = (_settings.Polynomial, u.t().matmul(u).Over(n) - v.t().matmul(v).Over(m));
            var first = u.mean([0]) - v.mean([0]);
            return second.Squared().sum().Times(kernel.Gamma * kernel.Gamma).Plus(first.Squared().sum().Times(2 * kernel.Gamma * kernel.Offset))
                .Over(kernel.Scale).reshape(1);
        }
    }

    /// <summary>
    /// Whether the polynomial kernel needs no pairs: of degree 2 it compares means and second moments, which are cheaper for more rows than columns.
    /// </summary>
    private bool UsesMoments(Tensor u, Tensor v) =>
        _settings is { Unbiased: false, Polynomial.Degree: 2 } && u.size(1) <= Math.Max(u.size(0), v.size(0));

    private static Tensor EvenlySpaced(Tensor rows)
    {
        var stride = (rows.size(0) + RowsForStatistics - 1) / RowsForStatistics;
        return stride <= 1 ? rows : rows.index_select(0, arange(Scalars.Zero, Scalars.Of(rows.size(0)), Scalars.Of(stride), device: rows.device));
    }
}
