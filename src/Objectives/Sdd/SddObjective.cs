using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Options;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// The semantic density distribution loss (equations 3 to 6 of Gentle-CLIP), whose weight is eta there. The weight has a meaning only together with
/// <see cref="Bandwidth"/>: for the same gradient 1 at b = 0.5 corresponds to about 44 at b = 1. In the history as <c>sdd</c>; see docs/objectives/sdd.md.
/// </summary>
public sealed record SddObjective : Objective
{
    private readonly double _bandwidth = 0.5;
    private readonly SddDivergence _divergence = SddDivergence.KullbackLeibler;
    private readonly SddVariance _variance = SddVariance.PerSet;
    private readonly double _varianceFloor = 0.01;
    private readonly double? _distanceTemperature;

    /// <summary>Creates the objective with a weight of 1.</summary>
    public SddObjective()
        : base("sdd")
    {
    }

    /// <summary>Bandwidth b of the densities (equation 5), above 0; 0.5 to 1 is sensible, 0.3 and less can destroy the model. Default 0.5.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double Bandwidth
    {
        get => _bandwidth;
        init => _bandwidth = Check.Positive(value, nameof(Bandwidth));
    }

    /// <summary>How density profiles are compared (equation 4). Default <see cref="SddDivergence.KullbackLeibler"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a divergence.</exception>
    public SddDivergence Divergence
    {
        get => _divergence;
        init => _divergence = Check.Defined(value, nameof(Divergence));
    }

    /// <summary>What squared distances are divided by (equations 5 and 6). Default <see cref="SddVariance.PerSet"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public SddVariance Variance
    {
        get => _variance;
        init => _variance = Check.Defined(value, nameof(Variance));
    }

    /// <summary>Smallest variance, above 0; embeddings have unit length, so a tiny one guards against nothing. Default 0.01.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double VarianceFloor
    {
        get => _varianceFloor;
        init => _varianceFloor = Check.Positive(value, nameof(VarianceFloor));
    }

    /// <summary>
    /// Whether a sample is left out of its own set's density and its partner out of the other's; needed below a bandwidth of 0.7. Default true.
    /// </summary>
    public bool LeaveOneOut { get; init; } = true;

    /// <summary>
    /// Temperature T of the softmax that reweighs distances, section 4.5 of the paper: d'_ij = B softmax_j(-d_ij / T) d_ij, gradient through both. Small:
    /// near samples decide the density. Null (default) is the printed form, to which it tends for a large T.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double? DistanceTemperature
    {
        get => _distanceTemperature;
        init => _distanceTemperature = value is { } temperature ? Check.Positive(temperature, nameof(DistanceTemperature)) : null;
    }

    /// <inheritdoc/>
    public override ObjectiveNeeds Needs { get; } = new() { UnpairedSamples = true };

    /// <summary>Stops gradients through the variance. Not recommended: the loss then no longer sees a set's overall scale.</summary>
    internal bool DetachVariance { get; init; }

    /// <inheritdoc/>
    public override Tensor Compute(ObjectiveBatch batch) => batch.Prepared is SddStatistics prepared
        ? SddLoss.Compute(batch.EmbeddingsA, batch.EmbeddingsB, prepared, this, batch.NumberOfPairs)
        : SddLoss.Compute(batch.Pairs, this, batch.NumberOfPairs, batch.BlockSize);

    internal override object? Prepare(ObjectiveBatch batch, PairStatistics pairs) => SddLoss.Ask(pairs, this, batch.NumberOfPairs);
}

/// <summary>The log kernel sums that SDD is made of: within both sets, and of A's samples within B followed by B's within A.</summary>
internal sealed record SddStatistics(PairResult A, PairResult B, PairResult AB);

/// <summary>
/// Semantic density distribution loss (the paper's equations 3 to 6): how differently the two modalities' kernel density
/// estimates rank the samples of each modality. In log-sum-exp form: the printed quotient is 0/0 for small bandwidths.
/// </summary>
internal static class SddLoss
{
    /// <summary>Scalar loss; zero with a graph where a side has fewer than two rows and thus no variance.</summary>
    /// <param name="u">Embeddings `[n, dim]`.</param>
    /// <param name="v">Embeddings `[m, dim]`; m may differ from n.</param>
    /// <param name="settings">Bandwidth and form.</param>
    /// <param name="numberOfPairs">Leading rows of both sets that are matched; used by leave-one-out.</param>
    /// <param name="blockSize">Rows above which the loss runs in row blocks.</param>
    public static Tensor Compute(Tensor u, Tensor v, SddObjective settings, long numberOfPairs = 0, int blockSize = Pairwise.DefaultBlockSize) =>
        Compute(new PairStatistics(u, v, blockSize), settings, numberOfPairs, blockSize);

    /// <summary>As <see cref="Compute(Tensor, Tensor, SddObjective, long, int)"/>, from the pairs of a batch.</summary>
    public static Tensor Compute(PairStatistics pairs, SddObjective settings, long numberOfPairs, int blockSize)
    {
        var (u, v) = (pairs.A, pairs.B);
        if (IsTooSmall(u, v))
            return Pairwise.ZeroWithGraph(u, v);
        using var scope = NewDisposeScope();
        if (Ask(pairs, settings, numberOfPairs) is { } statistics)
        {
            pairs.Compute();
            return Compute(u, v, statistics, settings, numberOfPairs).MoveToOuterDisposeScope();
        }

        var (scaleU, scaleV) = Scales(u, v, settings);
        var excluded = settings.LeaveOneOut ? numberOfPairs : 0;
        var sharpness = settings.Bandwidth * settings.Bandwidth / settings.DistanceTemperature; // exponents are -relative distance / b²
        var uu = PairwiseLogSumExp.Self(u, scaleU, Affinity.NegativeSquaredDistance, settings.LeaveOneOut, blockSize, sharpness);
        var vv = PairwiseLogSumExp.Self(v, scaleV, Affinity.NegativeSquaredDistance, settings.LeaveOneOut, blockSize, sharpness);
        var (uv, vu) = PairwiseLogSumExp.RowsAndColumns(u, v, scaleV, scaleU, Affinity.NegativeSquaredDistance, blockSize, excluded, sharpness);
        return Compare(u, v, uu, vv, uv, vu, settings, excluded).MoveToOuterDisposeScope();
    }

    /// <summary>The loss from its statistics.</summary>
    public static Tensor Compute(Tensor u, Tensor v, SddStatistics statistics, SddObjective settings, long numberOfPairs)
    {
        using var scope = NewDisposeScope();
        var (n, m) = (u.size(0), v.size(0));
        var (uv, vu) = (statistics.AB.Value.narrow(0, 0, n), statistics.AB.Value.narrow(0, n, m));
        return Compare(u, v, statistics.A.Value, statistics.B.Value, uv, vu, settings, settings.LeaveOneOut ? numberOfPairs : 0).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Asks for the statistics; null where there is no loss, and for <see cref="SddObjective.DistanceTemperature"/>, whose weights go along one side only.
    /// </summary>
    public static SddStatistics? Ask(PairStatistics pairs, SddObjective settings, long numberOfPairs)
    {
        if (IsTooSmall(pairs.A, pairs.B) || settings.DistanceTemperature is not null)
            return null;
        const Affinity affinity = Affinity.NegativeSquaredDistance;
        var (scaleA, scaleB) = Scales(pairs.A, pairs.B, settings);
        var one = settings.LeaveOneOut;
        return new(
            pairs.Add(new LogSumExpRequest(PairMatrix.A, affinity, scaleA, Excluded: one ? pairs.A.size(0) : 0)),
            pairs.Add(new LogSumExpRequest(PairMatrix.B, affinity, scaleB, Excluded: one ? pairs.B.size(0) : 0)),
            pairs.Add(new LogSumExpRequest(PairMatrix.AB, affinity, scaleB, scaleA, one ? numberOfPairs : 0)));
    }

    private static bool IsTooSmall(Tensor u, Tensor v) => u.size(0) < 2 || v.size(0) < 2;

    private static Tensor Compare(Tensor u, Tensor v, Tensor uu, Tensor vv, Tensor uv, Tensor vu, SddObjective settings, long excluded)
    {
        if (settings.Divergence is SddDivergence.RawMeanSquaredError or SddDivergence.RawSymmetric)
        {
            var own = settings.LeaveOneOut ? 1 : 0;
            uu -= LogDensityDivisor(u.size(0) - own, uu, 0, settings);
            vv -= LogDensityDivisor(v.size(0) - own, vv, 0, settings);
            uv -= LogDensityDivisor(v.size(0), uv, excluded, settings);
            vu -= LogDensityDivisor(u.size(0), vu, excluded, settings);
        }
        return Gamma(u, uu, uv, settings).Plus(Gamma(v, vv, vu, settings)).Over(2);
    }

    /// <summary>1 / (b² variance) for the densities of either set.</summary>
    private static (Tensor U, Tensor V) Scales(Tensor u, Tensor v, SddObjective settings)
    {
        var inverse = 1 / (settings.Bandwidth * settings.Bandwidth);
        if (settings.Variance == SddVariance.None)
        {
            var constant = tensor(inverse, u.dtype, u.device);
            return (constant, constant);
        }

        var (varianceU, varianceV) = (Variance(u), Variance(v));
        if (settings.DetachVariance)
            (varianceU, varianceV) = (varianceU.detach(), varianceV.detach());
        if (settings.Variance == SddVariance.Pooled)
            varianceU = varianceV = varianceU.Plus(varianceV).Over(2);
        return (Scale(varianceU), Scale(varianceV));

        Tensor Scale(Tensor variance) => variance.clamp_min(Scalars.Of(settings.VarianceFloor)).reciprocal().Times(inverse);
    }

    /// <summary>Equation 6, with the mean over j that its misprinted index stands for.</summary>
    private static Tensor Variance(Tensor t) => (t - t.mean([0], keepdim: true)).Squared().sum().Over(t.size(0) - 1);

    /// <summary>Γ(T, R) of equation 4, from the log kernel sums of T's samples within T and within R; raw forms: from log densities.</summary>
    private static Tensor Gamma(Tensor t, Tensor own, Tensor other, SddObjective settings)
    {
        if (settings.Divergence == SddDivergence.RawMeanSquaredError)
            return (own.exp() - other.exp()).Squared().mean();
        if (settings.Divergence == SddDivergence.RawSymmetric)
            return ((own.exp() - other.exp()) * (own - other)).sum() / (t.amax(0) - t.amin(0)).Squared().sum().clamp_min(Scalars.Of(settings.VarianceFloor));
        var (logP, logQ) = (own - own.logsumexp(0), other - other.logsumexp(0));
        return settings.Divergence == SddDivergence.KullbackLeibler
            ? (logP.exp() * (logP - logQ)).sum()
            : (logP.exp() - logQ.exp()).Squared().sum().Times(own.size(0));
    }

    /// <summary>ln(2 B b² pi), the divisor of equation 5, where B counts the kernels in each sum. It cancels in the normalised forms.</summary>
    private static Tensor LogDensityDivisor(long terms, Tensor like, long excluded, SddObjective settings)
    {
        var divisor = full_like(like, Scalars.Of(terms));
        divisor.narrow(0, 0, excluded).sub_(Scalars.One);
        return divisor.mul_(Scalars.Of(2 * settings.Bandwidth * settings.Bandwidth * Math.PI)).log_();
    }
}
