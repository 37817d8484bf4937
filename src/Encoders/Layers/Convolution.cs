using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Convolution over pictures with square kernels, named as PyTorch's; its initial weights are Gaussian, drawn from a generator of ours.</summary>
internal sealed class Convolution : nn.Module<Tensor, Tensor>
{
    // libtorch 2.10 (oneDNN) reads memory that nobody wrote when it computes the gradient of a convolution's input whose channels do not fill such
    // blocks: what was there is multiplied by 0, which is NaN where it was NaN or infinite.
    private const long ChannelBlock = 16;

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
    public Convolution(long inputs, long outputs, long kernel, long stride, long padding, double deviation, Generator generator, bool withBias = false)
        : base(nameof(Convolution))
    {
        using var scope = NewDisposeScope();
        (_stride, _padding) = ([stride, stride], [padding, padding]);
        weight = Owned.Parameter(randn([outputs, inputs, kernel, kernel], dtype: ScalarType.Float32, generator: generator).Times(deviation));
        bias = withBias ? Owned.Parameter(zeros(outputs, dtype: ScalarType.Float32)) : null;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        var isWhole = weight.size(0) % ChannelBlock == 0 && weight.size(1) % ChannelBlock == 0;
        return isWhole || !input.requires_grad || !is_grad_enabled()
            ? WeightCasts.Convolution(input, weight, bias, _stride, _padding)
            : ByProducts(input);
    }

    // The same as one matrix product, whose gradient is sound.
    private Tensor ByProducts(Tensor input)
    {
        using var scope = NewDisposeScope();
        var (kernel, stride, padding) = (weight.size(2), _stride[0], _padding[0]);
        var parts = nn.functional.unfold(input, (kernel, kernel), (1, 1), (padding, padding), (stride, stride));
        var side = (input.size(2) + 2 * padding - kernel) / stride + 1;
        var output = weight.view(weight.size(0), -1).matmul(parts).view(input.size(0), weight.size(0), side, -1);
        return (bias is null ? output.alias() : output.Plus(bias.view(1, -1, 1, 1))).MoveToOuterDisposeScope();
    }
}
