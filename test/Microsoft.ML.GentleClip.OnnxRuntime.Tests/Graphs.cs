using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.OnnxEncoders;

/// <summary>Small graphs in the shapes of published ones, whose features can be told by hand.</summary>
internal static class Graphs
{
    public const int Side = 8, Width = 4, Tokens = 40;

    public const OnnxType Int32 = (OnnxType)6, Half = (OnnxType)10, UInt8 = (OnnxType)2;

    private static readonly string[] Words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cat", "dog", "a", "the", "red", "##s", "runs"];

    /// <summary>The feature of a token in a slot.</summary>
    public static float Table(int token, int slot) => (float)Math.Sin(1 + token * 3 + slot * 7);

    /// <summary>Pictures to the mean of each channel, and a constant: as ResNets, <c>[batch, channels, 1, 1]</c>.</summary>
    public static string ResNet(string path, object? batch = null, long channels = 3, object? side = null, OnnxType input = OnnxType.Single,
        OnnxType output = OnnxType.Single, string outputName = "features", bool hasSecond = false)
    {
        var graph = new OnnxGraph(new Dictionary<string, Tensor>());
        var pixels = graph.Input("pixel_values", input, "pictures", batch ?? "batch", channels, side ?? (long)Side, side ?? (long)Side);
        var numbers = input == OnnxType.Single ? pixels : graph.Node("Cast", [pixels], ("to", 1));
        var mean = graph.Node("ReduceMean", [numbers, graph.Integers(2, 3)], ("keepdims", 1));
        graph.Name(output == OnnxType.Single ? mean : graph.Node("Cast", [mean], ("to", (int)output)), outputName);
        if (hasSecond)
        {
            graph.Name(graph.Node("ReduceMean", [numbers, graph.Integers(1)], ("keepdims", 1)), "map");
            graph.Output("map", OnnxType.Single, "a map", batch ?? "batch", 1, side ?? (long)Side, side ?? (long)Side);
        }
        graph.Output(outputName, output, "features", batch ?? "batch", channels, 1, 1);
        return Write(path, graph);
    }

    /// <summary>Pictures with the channels last to the mean of each, <c>[batch, channels]</c>.</summary>
    public static string ChannelsLast(string path, OnnxType input)
    {
        var graph = new OnnxGraph(new Dictionary<string, Tensor>());
        var pixels = graph.Input("image", input, "pictures", "batch", Side, Side, 3);
        graph.Name(graph.Node("ReduceMean", [graph.Node("Cast", [pixels], ("to", 1)), graph.Integers(1, 2)], ("keepdims", 0)), "embedding");
        graph.Output("embedding", OnnxType.Single, "features", "batch", 3);
        return Write(path, graph);
    }

    /// <summary>Tokens to a row of a table each: as sentence transformers, <c>[batch, tokens, features]</c>.</summary>
    public static string Text(string path, OnnxType type = OnnxType.Int64, bool hasMask = true, bool hasTypes = true, object? batch = null,
        object? length = null, OnnxType output = OnnxType.Single, bool hasPictures = false)
    {
        var graph = new OnnxGraph(new Dictionary<string, Tensor>());
        var (rows, tokens) = (batch ?? "batch", length ?? "sequence");
        var ids = graph.Input("input_ids", type, "tokens", rows, tokens);
        if (hasMask)
            graph.Input("attention_mask", type, "mask", rows, tokens);
        if (hasTypes)
            graph.Input("token_type_ids", type, "types", rows, tokens);
        if (hasPictures)
            graph.Input("pixel_values", OnnxType.Single, "pictures", rows, 3, Side, Side);
        var table = new float[Tokens * Width];
        for (var i = 0; i < table.Length; i++)
            table[i] = Table(i / Width, i % Width);
        var features = graph.Node("Gather", [graph.Numbers("table", [Tokens, Width], table), ids], ("axis", 0));
        graph.Name(output == OnnxType.Single ? features : graph.Node("Cast", [features], ("to", (int)output)), "last_hidden_state");
        graph.Output("last_hidden_state", output, "features", rows, tokens, Width);
        return Write(path, graph);
    }

    /// <summary>Vectors times two.</summary>
    public static string Vectors(string path, object? width = null, OnnxType type = OnnxType.Single)
    {
        var graph = new OnnxGraph(new Dictionary<string, Tensor>());
        var input = graph.Input("x", type, "vectors", "batch", width ?? 3L);
        graph.Name(graph.Node("Add", [input, input]), "y");
        graph.Output("y", type, "features", "batch", width ?? 3L);
        return Write(path, graph);
    }

    /// <summary>As <see cref="Vectors"/>, with weights in a file beside it.</summary>
    public static string External(string path)
    {
        var graph = new OnnxGraph(new Dictionary<string, Tensor>());
        var input = graph.Input("x", OnnxType.Single, "vectors", "batch", 3);
        var weights = graph.Numbers("w", [3, 400], [.. Enumerable.Range(0, 1200).Select(i => (float)Math.Cos(i))]);
        graph.Name(graph.Node("MatMul", [input, weights]), "y");
        graph.Output("y", OnnxType.Single, "features", "batch", 400);
        return Write(path, graph, largestInside: 0);
    }

    /// <summary>The file of words beside a graph.</summary>
    public static void WriteVocabulary(string folder) => File.WriteAllLines(Path.Combine(folder, "vocab.txt"), Words);

    private static string Write(string path, OnnxGraph graph, long largestInside = 2_000_000_000)
    {
        OnnxFile.Write(path, graph, new SortedDictionary<string, string>(), "1", largestInside, CancellationToken.None);
        return path;
    }
}
