using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Convolution over pictures with square kernels, named as PyTorch's; its initial weights are Gaussian, drawn from a generator of ours.</summary>
internal sealed class Convolution : nn.Module<Tensor, Tensor>
{
    private readonly long[] _stride;
    private readonly long[] _padding;
    private readonly Parameter weight;
    private readonly Parameter? bias;

    /// <summary>Creates the layer.</summary>
    /// <param name="inputs">Channels of the input.</param>
    /// <param name="outputs">Channels of the output.</param>
    /// <param name="kernel">Side of the kernels.</param>
    /// <param name="stride">Step between places.</param>
    /// <param name="padding">Zeros around the input.</param>
    /// <param name="deviation">Standard deviation of the initial weights.</param>
    /// <param name="generator">Source of the initial weights.</param>
    /// <param name="withBias">Whether there is a bias, initially 0.</param>
    public Convolution(long inputs, long outputs, long kernel, long stride, long padding, double deviation, Generator generator, bool withBias = false) : base(nameof(Convolution))
    {
        using var scope = NewDisposeScope();
        (_stride, _padding) = ([stride, stride], [padding, padding]);
        weight = Owned.Parameter(randn([outputs, inputs, kernel, kernel], dtype: ScalarType.Float32, generator: generator).Times(deviation));
        bias = withBias ? Owned.Parameter(zeros(outputs, dtype: ScalarType.Float32)) : null;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.conv2d(input, weight, bias, _stride, _padding);
}
