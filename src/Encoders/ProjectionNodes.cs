using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The projection head and the normalisation after it.</summary>
internal static class ProjectionNodes
{
    /// <summary>Unit rows <c>[batch, embedding dimension]</c> of features <c>[batch, features]</c>.</summary>
    public static string Append(OnnxGraph graph, string features, string prefix)
    {
        var projected = graph.Linear(features, prefix + "projection");
        var y = graph.Add(graph.Linear(graph.Gelu(projected), prefix + "fc"), projected);
        y = graph.LayerNormalization(y, prefix + "layer_norm", ProjectionHead.LayerNormEpsilon);
        return graph.Divide(y, graph.Node("Max", [graph.Lengths(y), graph.Number(ProjectionHead.SmallestLength)]));
    }
}
