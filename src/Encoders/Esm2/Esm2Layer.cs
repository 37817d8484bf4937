using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Transformer layer that normalises before attention and before the feed-forward part; names as in the published checkpoints.</summary>
internal sealed class Esm2Layer : nn.Module
{
    /// <summary>Of every layer normalisation in ESM-2.</summary>
    public const double LayerNormEpsilon = 1e-5;

    private const int FeedForwardFactor = 4;

    private readonly Esm2Attention self_attn;
    private readonly LayerNormalization self_attn_layer_norm;
    private readonly Linear fc1;
    private readonly Linear fc2;
    private readonly LayerNormalization final_layer_norm;

    /// <summary>Creates the layer with fresh weights.</summary>
    public Esm2Layer(Esm2Size size, Generator generator) : base(nameof(Esm2Layer))
    {
        var width = size.HiddenDimension;
        self_attn = new Esm2Attention(size, generator);
        self_attn_layer_norm = new LayerNormalization(width, LayerNormEpsilon);
        fc1 = new Linear(width, FeedForwardFactor * width, generator);
        fc2 = new Linear(FeedForwardFactor * width, width, generator);
        final_layer_norm = new LayerNormalization(width, LayerNormEpsilon);
        RegisterComponents();
    }

    /// <summary>Number of parameters of such a layer.</summary>
    public static long CountParameters(Esm2Size size)
    {
        long width = size.HiddenDimension;
        return 4 * Linear.CountWeights(width, width) + Linear.CountWeights(width, FeedForwardFactor * width)
            + Linear.CountWeights(FeedForwardFactor * width, width) + 4 * width;
    }

    /// <summary>Representations after the layer, <c>[batch, length, width]</c>.</summary>
    /// <inheritdoc cref="Esm2Attention.Attend"/>
    public Tensor Transform(Tensor x, Tensor? mask, ICollection<Tensor>? attentions)
    {
        x = x.Plus(self_attn.Attend(self_attn_layer_norm.forward(x), mask, attentions));
        return x.Plus(fc2.forward(nn.functional.gelu(fc1.forward(final_layer_norm.forward(x)))));
    }
}
