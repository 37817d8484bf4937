using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Onnx;

/// <summary>Joins the scores of one model per label into a vector.</summary>
internal static class LabelScoreNodes
{
    /// <summary>Input: the features.</summary>
    public const string Features = "features";

    /// <summary>Input: what a label's model gives, <c>[batch, 1]</c>.</summary>
    public static string Model(string output, int label) => FormattableString.Invariant($"{output}.model.{label}");

    /// <summary>Output: a vector.</summary>
    public static string Output(string output) => output + ".joined";

    /// <summary>The graph, for ML.NET's export.</summary>
    /// <param name="outputs">Names of the vectors to make.</param>
    /// <param name="constants">For each label the score that all rows have, or null where a model gives it.</param>
    public static OnnxGraph Build(IEnumerable<string> outputs, IReadOnlyList<float?> constants)
    {
        var graph = new OnnxGraph(new Dictionary<string, TorchSharp.torch.Tensor>(), OnnxPipeline.Opset);
        var absent = graph.Sum(graph.Cast(graph.Node("IsNaN", [Features]), OnnxType.Single), 1);
        var isAbsent = graph.Node("Greater", [absent, graph.Number(0)]);
        var zero = graph.Multiply(absent, graph.Number(0));
        foreach (var output in outputs)
        {
            string[] columns = [.. constants.Select((constant, label) => constant is { } value ? graph.Add(zero, graph.Number(value)) : Model(output, label))];
            graph.Name(graph.Where(isAbsent, graph.Number(double.NaN), graph.Concatenate(1, columns)), Output(output));
        }
        return graph;
    }
}
