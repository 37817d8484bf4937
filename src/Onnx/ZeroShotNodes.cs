using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Onnx;

/// <summary>A zero-shot classification: probabilities of labels, and the text of the most probable one.</summary>
internal static class ZeroShotNodes
{
    /// <summary>Inputs: the embeddings, and the labels with an empty one behind them.</summary>
    public const string Embedding = "embedding", Labels = "labels";

    /// <summary>Outputs.</summary>
    public const string Probabilities = "probabilities", Label = "label";

    /// <summary>The graph, for ML.NET's export.</summary>
    /// <param name="prototypes">A unit row for each label.</param>
    /// <param name="temperature">What the cosines are divided by.</param>
    public static OnnxGraph Build(float[][] prototypes, double temperature)
    {
        var graph = new OnnxGraph(new Dictionary<string, TorchSharp.torch.Tensor>(), OnnxPipeline.Opset);
        var (dimension, count) = (prototypes[0].Length, prototypes.Length);
        var transposed = new float[dimension * count];
        for (var i = 0; i < transposed.Length; i++)
            transposed[i] = prototypes[i % count][i / count];
        var cosines = graph.MatrixProduct(Unit(graph), graph.Numbers("prototypes", [dimension, count], transposed));
        var logits = graph.Divide(graph.Cast(cosines, OnnxType.Double), graph.Number(temperature, OnnxType.Double));
        graph.Name(graph.Cast(graph.Node("Softmax", [logits], ("axis", 1)), OnnxType.Single), Probabilities);
        var best = graph.Node("ArgMax", [cosines], ("axis", 1), ("keepdims", 1));
        var isAbsent = graph.Node("IsNaN", [graph.Sum(cosines, 1)]);
        graph.Name(graph.Gather(Labels, graph.Where(isAbsent, graph.Integer(count), best)), Label);
        return graph;
    }

    // In float64, where the squares of no float32 overflow; a row of zeros stays one.
    private static string Unit(OnnxGraph graph)
    {
        var rows = graph.Cast(Embedding, OnnxType.Double);
        var lengths = graph.Node("Sqrt", [graph.Sum(graph.Multiply(rows, rows), 1)]);
        var isZero = graph.Node("Equal", [lengths, graph.Number(0, OnnxType.Double)]);
        return graph.Cast(graph.Divide(rows, graph.Where(isZero, graph.Number(1, OnnxType.Double), lengths)), OnnxType.Single);
    }
}
