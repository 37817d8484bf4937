using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Bottleneck with a shortcut: down to the width, convolve, up to the channels.</summary>
internal sealed class CdConvBlock : nn.Module
{
    private readonly double _dropout;
    private readonly CdConvPath? identity;
    private readonly CdConvPath input;
    private readonly CdConvConvolution conv;
    private readonly CdConvPath output;

    /// <summary>Creates a block; the shortcut has weights only where the channels change.</summary>
    public CdConvBlock(int inputs, int outputs, CdConvOptions options, Generator generator) : base(nameof(CdConvBlock))
    {
        _dropout = options.Dropout;
        var width = options.WidthOf(outputs);
        identity = inputs == outputs ? null : new CdConvPath(inputs, outputs, normalizeOutput: false, generator);
        input = new CdConvPath(inputs, width, normalizeOutput: true, generator);
        conv = new CdConvConvolution(width, width, options.SequentialKernelSize, options.KernelChannels, generator);
        output = new CdConvPath(width, outputs, normalizeOutput: false, generator);
        RegisterComponents();
    }

    /// <summary>Features <c>[nodes, outputs]</c> of <c>[nodes, inputs]</c>.</summary>
    public Tensor Transform(Tensor x, CdConvStage stage, NoiseSource? noise)
    {
        using var scope = NewDisposeScope();
        var shortcut = identity?.Follow(x, _dropout, noise) ?? x;
        var main = conv.Convolve(input.Follow(x, _dropout, noise), stage);
        return output.Follow(main, _dropout, noise).Plus(shortcut).MoveToOuterDisposeScope();
    }

    /// <summary>Number of weights of such a block, buffers included.</summary>
    public static long CountWeights(int inputs, int outputs, CdConvOptions options)
    {
        var width = options.WidthOf(outputs);
        return (inputs == outputs ? 0 : CdConvPath.CountWeights(inputs, outputs, normalizeOutput: false))
            + CdConvPath.CountWeights(inputs, width, normalizeOutput: true)
            + CdConvConvolution.CountWeights(width, width, options.SequentialKernelSize, options.KernelChannels)
            + CdConvPath.CountWeights(width, outputs, normalizeOutput: false);
    }
}
