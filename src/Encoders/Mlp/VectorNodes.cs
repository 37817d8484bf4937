using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The multilayer perceptron of feature vectors, and the hidden layers after any input.</summary>
internal static class VectorNodes
{
    /// <summary>Features of vectors <c>[batch, inputs]</c>.</summary>
    public static string Append(OnnxGraph graph, string vectors, int layers, string prefix, bool keepsInput = false)
    {
        var input = graph.Multiply(graph.Subtract(vectors, graph.Weight(prefix + "input_mean")), graph.Weight(prefix + "input_scale"));
        var x = Layers(graph, input, layers, prefix);
        return keepsInput ? graph.Concatenate(1, x, input) : x;
    }

    /// <summary>Linear maps with GELU.</summary>
    public static string Layers(OnnxGraph graph, string x, int layers, string prefix)
    {
        for (var layer = 0; layer < layers; layer++)
            x = graph.Gelu(graph.Linear(x, FormattableString.Invariant($"{prefix}layers.{layer}")));
        return x;
    }
}
