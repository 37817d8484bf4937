using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Batch normalisation of rows, <c>[rows, channels]</c>, named as in PyTorch's checkpoints.</summary>
internal sealed class BatchNormalization : nn.Module
{
    /// <summary>Added to the variance.</summary>
    public const double Epsilon = 1e-5;

    private readonly double _momentum;
    private BatchMoments? _moments;
    private readonly Parameter weight;
    private readonly Parameter bias;
    private readonly Tensor running_mean;
    private readonly Tensor running_var;
    private readonly Tensor num_batches_tracked;

    /// <summary>Creates the layer with weight 1, bias 0 and statistics of mean 0 and variance 1.</summary>
    /// <param name="channels">Size of a row.</param>
    /// <param name="momentum">Share of a training batch's statistics in the new running ones.</param>
    public BatchNormalization(long channels, double momentum) : base(nameof(BatchNormalization))
    {
        _momentum = momentum;
        weight = Owned.Parameter(ones(channels, dtype: ScalarType.Float32));
        bias = Owned.Parameter(zeros(channels, dtype: ScalarType.Float32));
        running_mean = Owned.Buffer(zeros(channels, dtype: ScalarType.Float32));
        running_var = Owned.Buffer(ones(channels, dtype: ScalarType.Float32));
        num_batches_tracked = Owned.Buffer(zeros([], dtype: ScalarType.Int64));
        RegisterComponents();
    }

    /// <summary>Normalises by the batch's statistics in training, which also move the running ones; by the running ones otherwise.</summary>
    /// <param name="input"><c>[rows, channels]</c>.</param>
    /// <param name="training">A batch of one row has no variance: it is normalised as in inference.</param>
    public Tensor Normalize(Tensor input, bool training)
    {
        if (!training && _moments is { } moments && input.size(0) > 1)
            return Measure(input, moments);
        training &= input.size(0) > 1;
        if (training)
        {
            using var gradient = no_grad();
            num_batches_tracked.AddInPlace(1);
        }
        return nn.functional.batch_norm(input, running_mean, running_var, weight, bias, training, _momentum, Epsilon);
    }

    /// <summary>Whether a training moves the running statistics.</summary>
    public bool IsTrained => weight.requires_grad;

    /// <summary>From now on passes of inference count, and are normalised by their own statistics as batches of a training are.</summary>
    public void BeginMeasuring() => _moments = new BatchMoments();

    /// <summary>What was counted since <see cref="BeginMeasuring"/>; may be replaced by what several processes counted.</summary>
    public BatchMoments Measured
    {
        get => _moments ?? throw new InvalidOperationException("Nothing is measured.");
        set => _moments = value;
    }

    /// <summary>Channels.</summary>
    public int Channels => (int)running_mean.size(0);

    /// <summary>Ends it.</summary>
    /// <param name="keep">Whether what was counted becomes the running statistics.</param>
    public void EndMeasuring(bool keep)
    {
        if (keep && _moments is { Rows: > 1 } moments)
        {
            using var scope = NewDisposeScope();
            using var gradient = no_grad();
            running_mean.copy_(tensor(moments.Mean, dtype: running_mean.dtype));
            running_var.copy_(tensor(moments.Variance, dtype: running_var.dtype));
        }
        _moments = null;
    }

    private Tensor Measure(Tensor input, BatchMoments moments)
    {
        using var scope = NewDisposeScope();
        using var gradient = no_grad();
        long[] others = [.. Enumerable.Range(0, (int)input.dim()).Where(axis => axis != 1)];
        var values = input.to(ScalarType.Float64);
        var (mean, variance) = (values.mean(others).cpu(), values.var(others, unbiased: false).cpu());
        moments.Add(input.numel() / input.size(1), mean.data<double>().ToArray(), variance.data<double>().ToArray());
        // A momentum of 0 leaves the running statistics as they are.
        return nn.functional.batch_norm(input, running_mean, running_var, weight, bias, training: true, momentum: 0, Epsilon).MoveToOuterDisposeScope();
    }

    /// <summary>Number of weights of such a layer, buffers included.</summary>
    public static long CountWeights(long channels) => 4 * channels + 1;
}
