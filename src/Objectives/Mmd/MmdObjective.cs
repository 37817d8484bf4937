using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Options;
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
            return state.Compute(batch.EmbeddingsA, batch.EmbeddingsB);
        if (KernelWeights != MmdKernelWeights.Fixed)
            throw new InvalidOperationException(
                $"{nameof(MmdObjective)} with {nameof(KernelWeights)} {KernelWeights} must be one of the training's objectives itself; within another "
                + $"one expected {MmdKernelWeights.Fixed}.");
        using var fixedWeights = new MkMmdLoss(this, batch.BlockSize);
        return fixedWeights.Compute(batch.EmbeddingsA, batch.EmbeddingsB);
    }

    internal override nn.Module? CreateState(int blockSize) => new MkMmdLoss(this, blockSize);
}
