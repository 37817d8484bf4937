using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Normalised sums of word, position and token-type embeddings.</summary>
internal sealed class BertEmbeddings : nn.Module
{
    private const int TokenTypes = 2;

    private readonly BertTable word_embeddings;
    private readonly BertTable position_embeddings;
    private readonly BertTable token_type_embeddings;
    private readonly LayerNormalization LayerNorm;

    /// <summary>Creates the tables with fresh weights.</summary>
    public BertEmbeddings(BertSize size, int tokens, Generator generator) : base(nameof(BertEmbeddings))
    {
        word_embeddings = new BertTable(tokens, size.HiddenDimension, generator);
        position_embeddings = new BertTable(size.MaximumPositions, size.HiddenDimension, generator);
        token_type_embeddings = new BertTable(TokenTypes, size.HiddenDimension, generator);
        LayerNorm = new LayerNormalization(size.HiddenDimension, BertStart.LayerNormEpsilon);
        RegisterComponents();
    }

    /// <summary>Number of their parameters.</summary>
    public static long CountParameters(BertSize size, int tokens) => ((long)tokens + size.MaximumPositions + TokenTypes + 2) * size.HiddenDimension;

    /// <summary>Embeddings, <c>[batch, length, width]</c>, of tokens, <c>[batch, length]</c>.</summary>
    /// <param name="tokens">Numbers of the tokens, int64.</param>
    /// <param name="types">Which of two texts each token belongs to; null: the first.</param>
    public Tensor Embed(Tensor tokens, Tensor? types)
    {
        var positions = position_embeddings.forward(Scalars.Range(tokens.size(1), tokens.device));
        var kinds = token_type_embeddings.forward(types ?? zeros(1, dtype: ScalarType.Int64, device: tokens.device));
        return LayerNorm.forward(word_embeddings.forward(tokens).Plus(positions).Plus(kinds));
    }
}
