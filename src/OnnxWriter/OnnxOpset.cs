namespace Microsoft.ML.GentleClip.OnnxWriter;

/// <summary>Versions of ONNX's operators.</summary>
internal static class OnnxOpset
{
    /// <summary>What the files of this library are written in: the first with Gelu.</summary>
    public const int Newest = 20;

    // The rest of what old graphs are made of is there in version 9, the oldest that ML.NET writes.
    private const int Oldest = 9;

    private static readonly Dictionary<string, int> First = new(StringComparer.Ordinal)
    {
        ["Slice"] = 10,
        ["Equal"] = 11,
        ["GatherElements"] = 11,
        ["Pad"] = 11,
        ["TopK"] = 11,
        ["LessOrEqual"] = 12,
    };

    /// <summary>The oldest version that knows all nodes of a graph written for ML.NET in the form they have there.</summary>
    public static int OldestOf(OnnxGraph graph) => graph.Nodes.Select(node => First.GetValueOrDefault(node.Operation, Oldest)).DefaultIfEmpty(Oldest).Max();
}
