using System.Text;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>Reads weights of any format we know; the contents tell which, never the name.</summary>
internal static class WeightFile
{
    private const int HeadLength = 64;
    private const string PointerStart = "version https://git-lfs";

    /// <summary>
    /// Reads a safetensors file, a PyTorch checkpoint (zip or the older pickles), or the index (<c>*.index.json</c>) of a checkpoint in several files beside
    /// it.
    /// </summary>
    /// <returns>Tensors on the CPU; the caller disposes them.</returns>
    /// <exception cref="FileNotFoundException">The file, or a file that an index names, is missing.</exception>
    /// <exception cref="InvalidDataException">None of these formats, damaged or unsafe; the message names the file and what is wrong.</exception>
    public static StateDict Read(string path)
    {
        using var stream = File.OpenRead(path);
        return FormatOf(stream, path) == Format.Index ? ShardedWeights.Read(stream, path) : ReadSingle(stream, path);
    }

    /// <summary>Reads one file that is no index, from the stream's position to its end.</summary>
    /// <param name="stream">Can seek; stays open.</param>
    /// <param name="source">File, for messages.</param>
    public static StateDict ReadSingle(Stream stream, string source) => FormatOf(stream, source) switch
    {
        Format.Safetensors => SafetensorsReader.Read(stream, source),
        Format.Checkpoint => PyTorchCheckpointReader.Read(stream, source),
        _ => throw new InvalidDataException($"{source}: an index, where weights are expected."),
    };

    private static Format FormatOf(Stream stream, string source)
    {
        var head = new byte[HeadLength];
        var start = stream.Position;
        head = head[..stream.ReadAtLeast(head, HeadLength, throwOnEndOfStream: false)];
        stream.Position = start;
        // A safetensors header's length takes the first eight bytes and is far below 2^56; neither text nor a pickle has a zero there.
        if (head.Length > SafetensorsHeader.PrefixLength && head[SafetensorsHeader.PrefixLength] == '{' && head[SafetensorsHeader.PrefixLength - 1] == 0)
            return Format.Safetensors;
        if (head.AsSpan().StartsWith("PK"u8) || head is [0x80, >= 2 and <= 5, ..])
            return Format.Checkpoint;
        var text = Encoding.UTF8.GetString(head).TrimStart('\ufeff', ' ', '\t', '\r', '\n');
        if (text.StartsWith('{'))
            return Format.Index;
        throw new InvalidDataException(text.StartsWith(PointerStart, StringComparison.Ordinal)
            ? $"{source}: a pointer of Git LFS, not the file itself; fetch the file with 'git lfs pull'."
            : $"{source}: neither a safetensors file nor a PyTorch checkpoint nor an index of several; it starts with "
                + $"'{Shown.Name(Encoding.Latin1.GetString(head))}'.");
    }

    private enum Format
    {
        Safetensors,
        Checkpoint,
        Index,
    }
}
