using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Transformer layer that normalises before attention and before the feed-forward part; names as in Hugging Face's checkpoints.</summary>
internal sealed class ViTLayer : nn.Module
{
    private readonly ViTAttention attention;
    private readonly ViTDense intermediate;
    private readonly ViTDense output;
    private readonly LayerNormalization layernorm_before;
    private readonly LayerNormalization layernorm_after;

    /// <summary>Creates the layer with fresh weights.</summary>
    public ViTLayer(ViTOptions options, Generator generator) : base(nameof(ViTLayer))
    {
        var size = options.Size;
        attention = new ViTAttention(size, generator);
        intermediate = new ViTDense(size.HiddenDimension, size.FeedForwardDimension, generator);
        output = new ViTDense(size.FeedForwardDimension, size.HiddenDimension, generator);
        layernorm_before = new LayerNormalization(size.HiddenDimension, options.LayerNormEpsilon);
        layernorm_after = new LayerNormalization(size.HiddenDimension, options.LayerNormEpsilon);
        RegisterComponents();
    }

    /// <summary>Number of weights of such a layer.</summary>
    public static long CountWeights(ViTSize size)
    {
        long width = size.HiddenDimension;
        return 4 * Linear.CountWeights(width, width) + Linear.CountWeights(width, size.FeedForwardDimension)
            + Linear.CountWeights(size.FeedForwardDimension, width) + 4 * width;
    }

    /// <summary>Representations after the layer, <c>[batch, tokens, width]</c>.</summary>
    public Tensor Transform(Tensor x)
    {
        x = x.Plus(attention.Attend(layernorm_before.forward(x)));
        return x.Plus(output.forward(nn.functional.gelu(intermediate.forward(layernorm_after.forward(x)))));
    }
}
