using System.Text;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>What a file says of itself before any runtime opens it: who made it, and which files beside it hold weights.</summary>
/// <param name="Producer">Name of the program that wrote it, or nothing.</param>
/// <param name="WeightFiles">Names of files with weights, relative to the file, in order.</param>
internal sealed record OnnxFileFacts(string Producer, IReadOnlyList<string> WeightFiles)
{
    // Field numbers of the public ONNX specification (onnx.proto).
    private const int ModelProducer = 2, ModelGraph = 7, GraphNode = 1, GraphInitializer = 5, NodeAttribute = 5, AttributeTensor = 5, AttributeGraph = 6;
    private const int TensorExternalData = 13, EntryKey = 1, EntryValue = 2;
    private const int Depth = 16;

    private static readonly byte[] LargeFilePointer = Encoding.ASCII.GetBytes("version https://git-lfs");

    /// <summary>Reads the facts.</summary>
    /// <param name="content">Of the file.</param>
    /// <param name="file">For messages.</param>
    /// <exception cref="InvalidDataException">It is no ONNX file.</exception>
    public static OnnxFileFacts Read(ReadOnlySpan<byte> content, string file)
    {
        if (content.StartsWith(LargeFilePointer))
            throw NoOnnx(file, "a pointer of Git LFS, which stands for the file; download the file itself");
        if (content.IsEmpty)
            throw NoOnnx(file, "an empty file");
        var (producer, hasGraph) = ("", false);
        var weightFiles = new SortedSet<string>(StringComparer.Ordinal);
        try
        {
            var model = new ProtoReader(content);
            while (model.Next(out var field, out var value))
                if (field == ModelProducer)
                    producer = Encoding.UTF8.GetString(value);
                else if (field == ModelGraph)
                {
                    hasGraph = true;
                    ReadGraph(value, weightFiles, Depth);
                }
        }
        catch (FormatException exception)
        {
            throw NoOnnx(file, $"{content.Length} bytes of something else or of a damaged file ({exception.Message})");
        }
        return hasGraph ? new OnnxFileFacts(producer, [.. weightFiles]) : throw NoOnnx(file, $"{content.Length} bytes without a graph");
    }

    private static InvalidDataException NoOnnx(string file, string found) => new($"{file}: expected an ONNX model, found {found}.");

    private static void ReadGraph(ReadOnlySpan<byte> content, SortedSet<string> files, int depth)
    {
        var graph = new ProtoReader(content);
        while (graph.Next(out var field, out var value))
            if (field == GraphInitializer)
                ReadTensor(value, files);
            else if (field == GraphNode && depth > 0)
                ReadNode(value, files, depth - 1);
    }

    private static void ReadNode(ReadOnlySpan<byte> content, SortedSet<string> files, int depth)
    {
        var node = new ProtoReader(content);
        while (node.Next(out var field, out var value))
        {
            if (field != NodeAttribute)
                continue;
            var attribute = new ProtoReader(value);
            while (attribute.Next(out var part, out var inner))
                if (part == AttributeTensor)
                    ReadTensor(inner, files);
                else if (part == AttributeGraph)
                    ReadGraph(inner, files, depth);
        }
    }

    private static void ReadTensor(ReadOnlySpan<byte> content, SortedSet<string> files)
    {
        var tensor = new ProtoReader(content);
        while (tensor.Next(out var field, out var value))
        {
            if (field != TensorExternalData)
                continue;
            var (key, text) = ("", "");
            var entry = new ProtoReader(value);
            while (entry.Next(out var part, out var inner))
                (key, text) = part switch
                {
                    EntryKey => (Encoding.UTF8.GetString(inner), text),
                    EntryValue => (key, Encoding.UTF8.GetString(inner)),
                    _ => (key, text),
                };
            if (key == "location")
                files.Add(text);
        }
    }
}
