using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The vision transformer and its pooling.</summary>
internal static class ViTNodes
{
    /// <summary>Features of normalised pictures <c>[batch, 3, side, side]</c>.</summary>
    public static string Append(OnnxGraph graph, string pictures, ViTOptions options, string prefix)
    {
        var size = options.Size;
        var (width, headDimension) = (size.HiddenDimension, size.HiddenDimension / size.AttentionHeads);
        prefix += "model.";
        var x = Embed(graph, pictures, size, prefix + "embeddings.");
        for (var layer = 0; layer < size.Layers; layer++)
        {
            var name = FormattableString.Invariant($"{prefix}encoder.layer.{layer}.");
            var normalized = Normalized(x, name + "layernorm_before");
            var (q, k, v) = (Split("query"), Split("key"), Split("value"));
            x = graph.Add(x, graph.Dense(graph.JoinHeads(graph.Attention(q, k, v, mask: null, headDimension), width), name + "attention.output.dense"));
            x = graph.Add(x, graph.Dense(graph.Gelu(graph.Dense(Normalized(x, name + "layernorm_after"), name + "intermediate.dense")), name + "output.dense"));

            string Split(string projection) => graph.SplitHeads(graph.Dense(normalized, $"{name}attention.attention.{projection}"),
                size.AttentionHeads, headDimension);
        }
        x = Normalized(x, prefix + "layernorm");
        return options.Pooling == ViTPooling.ClassToken
            ? graph.Squeeze(graph.Slice(x, 0, 1, 1), 1)
            : graph.Mean(graph.Slice(x, 1, long.MaxValue, 1), keep: false, 1);

        string Normalized(string value, string name) => graph.LayerNormalization(value, name, options.LayerNormEpsilon);
    }

    private static string Embed(OnnxGraph graph, string pictures, ViTSize size, string prefix)
    {
        long side = size.PatchSize;
        var projection = prefix + "patch_embeddings.projection";
        var patches = graph.Node("Conv", [pictures, graph.Weight(projection + ".weight"), graph.Weight(projection + ".bias")],
            ("kernel_shape", (long[])[side, side]), ("strides", (long[])[side, side]));
        patches = graph.Transpose(graph.Reshape(patches, 0, size.HiddenDimension, -1), 0, 2, 1);
        var shape = graph.Concatenate(0, graph.Shape(pictures, 0, 1), graph.Integers(1, size.HiddenDimension));
        var classToken = graph.Node("Expand", [graph.Weight(prefix + "cls_token"), shape]);
        return graph.Add(graph.Concatenate(1, classToken, patches), graph.Weight(prefix + "position_embeddings"));
    }
}
