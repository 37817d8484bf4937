using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Residual block: two convolutions of 3x3, or a bottleneck of 1x1, 3x3 and 1x1 with its stride in the middle.</summary>
internal sealed class ResNetBlock : nn.Module
{
    /// <summary>Share of a training batch's statistics in the new running ones.</summary>
    public const double Momentum = 0.1;

    private readonly Convolution conv1;
    private readonly BatchNormalization bn1;
    private readonly Convolution conv2;
    private readonly BatchNormalization bn2;
    private readonly Convolution? conv3;
    private readonly BatchNormalization? bn3;
    private readonly ModuleList<nn.Module>? downsample;

    /// <summary>Creates a block; the shortcut has weights only where sizes change.</summary>
    public ResNetBlock(int inputs, int width, int stride, ResNetSize size, Generator generator) : base(nameof(ResNetBlock))
    {
        var outputs = width * size.Expansion;
        conv1 = size.Bottleneck ? Layer(inputs, width, 1, 1, generator) : Layer(inputs, width, 3, stride, generator);
        bn1 = new BatchNormalization(width, Momentum);
        conv2 = size.Bottleneck ? Layer(width, width, 3, stride, generator) : Layer(width, width, 3, 1, generator);
        bn2 = new BatchNormalization(width, Momentum);
        if (size.Bottleneck)
        {
            conv3 = Layer(width, outputs, 1, 1, generator);
            bn3 = new BatchNormalization(outputs, Momentum);
        }
        if (inputs != outputs || stride != 1)
            downsample = [Layer(inputs, outputs, 1, stride, generator), new BatchNormalization(outputs, Momentum)];
        RegisterComponents();
    }

    /// <summary>Number of weights of such a block, buffers included.</summary>
    public static long CountWeights(long inputs, long width, int stride, ResNetSize size)
    {
        var outputs = width * size.Expansion;
        var main = size.Bottleneck
            ? inputs * width + 9 * width * width + width * outputs + 2 * BatchNormalization.CountWeights(width) + BatchNormalization.CountWeights(outputs)
            : 9 * inputs * width + 9 * width * width + 2 * BatchNormalization.CountWeights(width);
        return inputs == outputs && stride == 1 ? main : main + inputs * outputs + BatchNormalization.CountWeights(outputs);
    }

    /// <summary>Output <c>[batch, channels, height, width]</c>.</summary>
    /// <param name="x">Input.</param>
    /// <param name="training">Whether to normalise by the batch.</param>
    public Tensor Transform(Tensor x, bool training)
    {
        using var scope = NewDisposeScope();
        var main = bn2.Normalize(conv2.forward(nn.functional.relu(bn1.Normalize(conv1.forward(x), training))), training);
        if (conv3 is not null)
            main = bn3!.Normalize(conv3.forward(nn.functional.relu(main)), training);
        var shortcut = downsample is null ? x : ((BatchNormalization)downsample[1]).Normalize(((Convolution)downsample[0]).forward(x), training);
        return nn.functional.relu(main.Plus(shortcut)).MoveToOuterDisposeScope();
    }

    private static Convolution Layer(int inputs, int outputs, int kernel, int stride, Generator generator) =>
        new(inputs, outputs, kernel, stride, kernel / 2, Math.Sqrt(2.0 / (outputs * kernel * kernel)), generator);
}
