using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.OnnxWriter;

/// <summary>Writes a graph as a file, with the weights inside or in a second file beside it.</summary>
internal static class OnnxFile
{
    private const int IrVersion = 9; // of the same release of ONNX as the operators

    // What readers of a graph need to know its shapes stays inside.
    private const long SmallestExternal = 1024;

    // A page, so that the weights can be mapped into memory.
    private const long Alignment = 4096;

    private const int HashLength = 16;

    private const string Extension = ".data";

    /// <summary>Writes a model; whoever reads the path finds the old one or the new one, never a part.</summary>
    /// <param name="path">File to write.</param>
    /// <param name="graph">Its tensors are fetched while it is written.</param>
    /// <param name="metadata">Texts that the file carries.</param>
    /// <param name="version">Version of this library.</param>
    /// <param name="largestInside">Bytes of weights from which on they go to a second file.</param>
    /// <param name="cancellationToken">Looked at before each tensor.</param>
    public static void Write(string path, OnnxGraph graph, IReadOnlyDictionary<string, string> metadata, string version, long largestInside,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var full = AtomicFile.Target(path);
        var isExternal = graph.Tensors.Sum(tensor => tensor.Length) > largestInside;
        var (name, isNew, offsets) = isExternal ? WriteWeights(full, [.. graph.Tensors.Where(tensor => tensor.Length >= SmallestExternal)], cancellationToken)
            : ("", false, []);
        try
        {
            AtomicFile.Write(full, stream => WriteModel(stream, graph, metadata, version, name, offsets, cancellationToken));
        }
        catch
        {
            if (isNew)
                File.Delete(Path.Combine(Path.GetDirectoryName(full)!, name));
            throw;
        }
        DeleteOthers(full, name);
    }

    /// <summary>A model in memory, with the weights inside.</summary>
    /// <param name="graph">Its tensors are fetched now; they take at most 2 GB.</param>
    /// <param name="version">Version of this library.</param>
    public static byte[] ToBytes(OnnxGraph graph, string version)
    {
        using var stream = new MemoryStream(checked((int)graph.Tensors.Sum(tensor => tensor.Length)));
        WriteModel(stream, graph, new Dictionary<string, string>(), version, "", new Dictionary<string, long>(), CancellationToken.None);
        return stream.ToArray();
    }

    private static void WriteModel(Stream stream, OnnxGraph graph, IReadOnlyDictionary<string, string> metadata, string version, string external,
        IReadOnlyDictionary<string, long> offsets, CancellationToken cancellationToken)
    {
        using var output = new CodedOutputStream(stream, leaveOpen: true);
        output.Integer(1, IrVersion);
        output.Text(2, "Microsoft.ML.GentleClip");
        output.Text(3, version);
        output.Bytes(8, ProtoMessage.Of(opset => opset.Integer(2, graph.Opset)));
        foreach (var (key, value) in metadata)
            output.Entry(14, key, value);
        WriteGraph(output, stream, graph, external, offsets, cancellationToken);
    }

    private static void WriteGraph(CodedOutputStream output, Stream stream, OnnxGraph graph, string external, IReadOnlyDictionary<string, long> offsets,
        CancellationToken cancellationToken)
    {
        var before = ProtoMessage.Of(message =>
        {
            foreach (var node in graph.Nodes)
                message.Bytes(1, node.Encode());
            message.Text(2, "tower");
        });
        var after = ProtoMessage.Of(message =>
        {
            foreach (var (field, value) in graph.Values)
                message.Bytes(field, value);
        });
        var tensors =
            graph.Tensors.Select(tensor => (Tensor: tensor, Header: Header(tensor, external, offsets),
                Inside: offsets.ContainsKey(tensor.Name) ? 0 : RawField(tensor.Length) + tensor.Length)).ToList();
        output.Open(7, before.Length + after.Length + tensors.Sum(entry => Size(entry) + ProtoMessage.SizeOfOpen(5, Size(entry))));
        Past(before);
        foreach (var entry in tensors)
        {
            cancellationToken.ThrowIfCancellationRequested();
            output.Open(5, Size(entry));
            Past(entry.Header);
            if (entry.Inside == 0)
                continue;
            output.Open(9, entry.Tensor.Length);
            output.Flush();
            entry.Tensor.Write(stream);
        }
        Past(after);

        void Past(byte[] bytes)
        {
            output.Flush(); // it keeps a buffer of its own
            stream.Write(bytes);
        }

        static long Size((OnnxTensor Tensor, byte[] Header, long Inside) entry) => entry.Header.Length + entry.Inside;

        static int RawField(long length) => ProtoMessage.SizeOfOpen(9, length);
    }

    private static byte[] Header(OnnxTensor tensor, string external, IReadOnlyDictionary<string, long> offsets) => ProtoMessage.Of(header =>
    {
        foreach (var size in tensor.Shape)
            header.Integer(1, size);
        header.Integer(2, (long)tensor.Type);
        header.Text(8, tensor.Name);
        if (!offsets.TryGetValue(tensor.Name, out var offset))
            return;
        header.Entry(13, "location", external);
        header.Entry(13, "offset", offset.ToString(CultureInfo.InvariantCulture));
        header.Entry(13, "length", tensor.Length.ToString(CultureInfo.InvariantCulture));
        header.Integer(14, 1); // external
    });

    // Named by its content: until the graph is there, an older graph still finds its own weights.
    private static (string Name, bool IsNew, Dictionary<string, long> Offsets) WriteWeights(string path, IReadOnlyList<OnnxTensor> tensors,
        CancellationToken cancellationToken)
    {
        var offsets = new Dictionary<string, long>(StringComparer.Ordinal);
        var (folder, name, isNew) = (Path.GetDirectoryName(path)!, "", false);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AtomicFile.Write(folder, Path.GetFileName(path), () => name, file =>
        {
            using var stream = new HashingStream(file, hash);
            foreach (var tensor in tensors)
            {
                cancellationToken.ThrowIfCancellationRequested();
                stream.Write(new byte[(Alignment - file.Position % Alignment) % Alignment]);
                offsets.Add(tensor.Name, file.Position);
                tensor.Write(stream);
            }
            name = $"{Path.GetFileName(path)}.{Convert.ToHexStringLower(hash.GetHashAndReset())[..HashLength]}{Extension}";
            isNew = !File.Exists(Path.Combine(folder, name));
        });
        return (name, isNew, offsets);
    }

    // Weights of the graph that was there before.
    private static void DeleteOthers(string path, string kept)
    {
        var prefix = Path.GetFileName(path) + ".";
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(path)!))
        {
            var name = Path.GetFileName(file);
            if (name == kept || !name.StartsWith(prefix, StringComparison.Ordinal) || !name.EndsWith(Extension, StringComparison.Ordinal))
                continue;
            if (name.Length != prefix.Length + HashLength + Extension.Length || !name.Substring(prefix.Length, HashLength).All(char.IsAsciiHexDigitLower))
                continue;
            try
            {
                File.Delete(file);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Someone computes with it; it does no harm.
            }
        }
    }
}
