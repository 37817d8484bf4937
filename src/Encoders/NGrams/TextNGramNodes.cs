using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The encoder of hashed n-grams from the buckets that a text has and how often.</summary>
internal static class TextNGramNodes
{
    // Weights are 1 or more where an n-gram is known: anything below is a text without one.
    private const double SmallestLength = 1e-30;

    /// <summary>Features of texts.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="numbers">Buckets, <c>[batch, n-grams]</c>.</param>
    /// <param name="counts">How often each occurs; 0 is padding.</param>
    /// <param name="layers">Hidden layers.</param>
    /// <param name="prefix">Of the weights' names.</param>
    public static string Append(OnnxGraph graph, string numbers, string counts, int layers, string prefix)
    {
        var one = graph.Number(1);
        var logarithms = graph.Add(graph.Node("Log", [graph.Node("Max", [counts, one])]), one);
        var present = graph.Cast(graph.Node("Greater", [counts, graph.Number(0)]), OnnxType.Single);
        var weights = graph.Multiply(graph.Multiply(logarithms, present), graph.Gather(graph.Weight(prefix + "rarity"), numbers));
        var length = graph.Node("Sqrt", [graph.Sum(graph.Multiply(weights, weights), 1)]);
        weights = graph.Divide(weights, graph.Node("Max", [length, graph.Number(SmallestLength)]));
        var sum = graph.Squeeze(graph.MatrixProduct(graph.Unsqueeze(weights, 1), graph.Gather(graph.Weight(prefix + "table"), numbers)), 1);
        return VectorNodes.Layers(graph, sum, layers, prefix);
    }
}
