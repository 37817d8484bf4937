using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>ESM-2 and its pooling.</summary>
internal static class Esm2Nodes
{
    /// <summary>Features of sequences.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="tokens">Numbers of the tokens, <c>[batch, length]</c>.</param>
    /// <param name="mask">1 at tokens, 0 at padding.</param>
    /// <param name="options">Sizes and pooling.</param>
    /// <param name="prefix">Of the weights' names.</param>
    public static string Append(OnnxGraph graph, string tokens, string mask, Esm2Options options, string prefix)
    {
        var size = options.Size;
        prefix += "model.";
        var isToken = graph.Node("Greater", [mask, graph.Integer(0)]);
        var token = graph.Cast(isToken, OnnxType.Single);
        var x = Embed(graph, tokens, token, prefix);
        var scoreMask = graph.ScoreMask(isToken);
        var tables = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        for (var layer = 0; layer < size.Layers; layer++)
        {
            var name = FormattableString.Invariant($"{prefix}layers.{layer}.");
            var attention = name + "self_attn.";
            var rotation = Rotation(graph, tokens, attention + "rot_emb.inv_freq", tables);
            var normalized = graph.LayerNormalization(x, name + "self_attn_layer_norm", Esm2Layer.LayerNormEpsilon);
            var (q, k, v) = (Split("q_proj"), Split("k_proj"), Split("v_proj"));
            var attended = graph.Attention(Rotate(graph, q, rotation), Rotate(graph, k, rotation), v, scoreMask, HeadDimension());
            x = graph.Add(x, graph.Dense(graph.JoinHeads(attended, size.HiddenDimension), attention + "out_proj"));
            normalized = graph.LayerNormalization(x, name + "final_layer_norm", Esm2Layer.LayerNormEpsilon);
            x = graph.Add(x, graph.Dense(graph.Gelu(graph.Dense(normalized, name + "fc1")), name + "fc2"));

            string Split(string projection) => graph.SplitHeads(graph.Dense(normalized, attention + projection), size.AttentionHeads, HeadDimension());
        }
        x = graph.LayerNormalization(x, prefix + "emb_layer_norm_after", Esm2Layer.LayerNormEpsilon);
        if (options.Pooling == Esm2Pooling.BeginningOfSequence)
            return graph.NanWhereEmpty(graph.Squeeze(graph.Slice(x, 0, 1, 1), 1), token);
        var isResidue = graph.Node("And", [isToken, graph.Node("Greater", [tokens, graph.Integer(Esm2Alphabet.End)])]);
        return graph.MaskedMean(x, graph.Cast(isResidue, OnnxType.Single));

        int HeadDimension() => size.HiddenDimension / size.AttentionHeads;
    }

    // Token dropout, see Esm2Embedding.
    private static string Embed(OnnxGraph graph, string tokens, string token, string prefix)
    {
        var masked = graph.Multiply(graph.Cast(graph.Node("Equal", [tokens, graph.Integer(Esm2Alphabet.Mask)]), OnnxType.Single), token);
        var share = graph.Divide(graph.Sum(masked, 1), graph.Sum(token, 1));
        var scale = graph.Divide(graph.Number(1 - Esm2Embedding.MaskShareInTraining), graph.Subtract(graph.Number(1), share));
        var factor = graph.Multiply(graph.Subtract(token, masked), scale);
        return graph.Multiply(graph.Gather(graph.Weight(prefix + "embed_tokens.weight"), tokens), graph.Unsqueeze(factor, 2));
    }

    // Cosines and signed sines of the positions, [length, width of a head]; layers of equal angles share them.
    private static (string Cosine, string Sine) Rotation(OnnxGraph graph, string tokens, string name, Dictionary<string, (string, string)> known)
    {
        var key = Convert.ToHexString(graph.Take(name).ToBytes());
        if (known.TryGetValue(key, out var tables))
            return tables;
        var positions = graph.Unsqueeze(graph.Cast(graph.Range(tokens, 1), OnnxType.Single), 1);
        var turned = graph.Multiply(positions, graph.Weight(name));
        var (cosine, sine) = (graph.Node("Cos", [turned]), graph.Node("Sin", [turned]));
        return known[key] = (graph.Concatenate(1, cosine, cosine), graph.Concatenate(1, graph.Node("Neg", [sine]), sine));
    }

    private static string Rotate(OnnxGraph graph, string x, (string Cosine, string Sine) rotation)
    {
        var halves = graph.Node("Split", [x], 2, ("axis", -1), ("num_outputs", 2));
        return graph.Add(graph.Multiply(x, rotation.Cosine), graph.Multiply(graph.Concatenate(-1, halves[1], halves[0]), rotation.Sine));
    }
}
