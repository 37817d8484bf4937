using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>BERT and its pooling.</summary>
internal static class BertNodes
{
    /// <summary>Features of texts.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="tokens">Numbers of the tokens, <c>[batch, length]</c>.</param>
    /// <param name="mask">1 at tokens, 0 at padding.</param>
    /// <param name="options">Sizes and pooling.</param>
    /// <param name="prefix">Of the weights' names.</param>
    public static string Append(OnnxGraph graph, string tokens, string mask, BertEncoderOptions options, string prefix)
    {
        var size = options.Size;
        var (width, headDimension) = (size.HiddenDimension, size.HiddenDimension / size.AttentionHeads);
        prefix += "model.";
        var isToken = graph.Node("Greater", [mask, graph.Integer(0)]);
        var token = graph.Cast(isToken, OnnxType.Single);
        var x = Embed(graph, tokens, prefix + "embeddings.");
        var scoreMask = graph.ScoreMask(isToken);
        for (var layer = 0; layer < size.Layers; layer++)
        {
            var name = FormattableString.Invariant($"{prefix}encoder.layer.{layer}.");
            var input = x;
            var (q, k, v) = (Split("query"), Split("key"), Split("value"));
            var attended = graph.JoinHeads(graph.Attention(q, k, v, scoreMask, headDimension), width);
            x = Normalized(graph.Add(x, graph.Dense(attended, name + "attention.output.dense")), name + "attention.output.LayerNorm");
            var inner = graph.Gelu(graph.Dense(x, name + "intermediate.dense"));
            x = Normalized(graph.Add(x, graph.Dense(inner, name + "output.dense")), name + "output.LayerNorm");

            string Split(string projection) => graph.SplitHeads(graph.Dense(input, $"{name}attention.self.{projection}"), size.AttentionHeads, headDimension);
        }
        return options.Pooling == BertPooling.ClassificationToken
            ? graph.NanWhereEmpty(graph.Squeeze(graph.Slice(x, 0, 1, 1), 1), token)
            : graph.MaskedMean(x, token);

        string Normalized(string value, string name) => graph.LayerNormalization(value, name, BertStart.LayerNormEpsilon);
    }

    private static string Embed(OnnxGraph graph, string tokens, string prefix)
    {
        var positions = graph.Gather(graph.Weight(prefix + "position_embeddings.weight"), graph.Range(tokens, 1));
        var kind = graph.Slice(graph.Weight(prefix + "token_type_embeddings.weight"), 0, 1, 0); // all are the first of two texts
        var words = graph.Gather(graph.Weight(prefix + "word_embeddings.weight"), tokens);
        return graph.LayerNormalization(graph.Add(graph.Add(words, positions), kind), prefix + "LayerNorm", BertStart.LayerNormEpsilon);
    }
}
