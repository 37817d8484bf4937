using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Transformer layer that normalises after the attention and after the feed-forward part; names as in the published checkpoints.</summary>
internal sealed class BertLayer : nn.Module
{
    private readonly BertAttention attention;
    private readonly BertDense intermediate;
    private readonly BertResidual output;

    /// <summary>Creates the layer with fresh weights.</summary>
    public BertLayer(BertSize size, Generator generator) : base(nameof(BertLayer))
    {
        attention = new BertAttention(size, generator);
        intermediate = new BertDense(size.HiddenDimension, size.FeedForwardDimension, generator);
        output = new BertResidual(size.FeedForwardDimension, size.HiddenDimension, generator);
        RegisterComponents();
    }

    /// <summary>Number of parameters of such a layer.</summary>
    public static long CountParameters(BertSize size)
    {
        long width = size.HiddenDimension;
        return 3 * Linear.CountWeights(width, width) + BertResidual.CountParameters(width, width)
            + Linear.CountWeights(width, size.FeedForwardDimension) + BertResidual.CountParameters(size.FeedForwardDimension, width);
    }

    /// <summary>Representations after the layer, <c>[batch, length, width]</c>.</summary>
    /// <inheritdoc cref="BertSelfAttention.Attend"/>
    public Tensor Transform(Tensor x, Tensor? mask, BertDropout dropout)
    {
        x = attention.Attend(x, mask, dropout);
        return output.Add(x, nn.functional.gelu(intermediate.forward(x)), dropout);
    }
}
