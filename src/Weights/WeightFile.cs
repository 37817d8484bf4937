using System.Text;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>Reads weights of any format we know; the contents tell which, never the name.</summary>
internal static class WeightFile
{
    private const int HeadLength = 64;
    private const string PointerStart = "version https://git-lfs";

    /// <summary>
    /// Reads a safetensors file, a PyTorch checkpoint (zip or the older pickles), or the index (<c>*.index.json</c>) of a checkpoint in several files beside
    /// it; or a folder with one of them, as it is downloaded.
    /// </summary>
    /// <param name="path">File or folder.</param>
    /// <param name="request">
    /// What is asked for: its tensors come by the file's names, for <see cref="WeightResolver.Resolve"/>, or, where it names no architecture, without its key.
    /// </param>
    /// <returns>Tensors on the CPU; the caller disposes them.</returns>
    /// <exception cref="FileNotFoundException">The file, or a file that an index names, is missing.</exception>
    /// <exception cref="InvalidDataException">None of these formats, damaged or unsafe; the message names the file and what is wrong.</exception>
    public static StateDict Read(string path, WeightRequest? request = null)
    {
        if (Directory.Exists(path))
        {
            path = WeightFolder.Find(path);
            request?.Note($"{path}: taken out of its folder.");
        }
        using var stream = File.OpenRead(path);
        var tensors = FormatOf(stream, path) == Format.Index ? ShardedWeights.Read(stream, path, request) : ReadSingle(stream, path, request);
        if (request is not { Layout: null, Key: { } key })
            return tensors;
        using (tensors)
        {
            if (!tensors.Keys.Any(name => name.StartsWith(key + ".", StringComparison.Ordinal)))
                throw new InvalidDataException($"{path}: no tensors under the key '{Shown.Name(key)}'; names found: {Shown.List([.. tensors.Keys])}.");
            request.NoteLeftOut(path, [.. tensors.Keys.Where(name => !name.StartsWith(key + ".", StringComparison.Ordinal))]);
            return WeightResolver.Below(tensors, key + ".");
        }
    }

    /// <summary>Reads one file that is no index, from the stream's position to its end.</summary>
    /// <param name="stream">Can seek; stays open.</param>
    /// <param name="source">File, for messages.</param>
    /// <param name="request">What is asked for.</param>
    public static StateDict ReadSingle(Stream stream, string source, WeightRequest? request = null) => FormatOf(stream, source) switch
    {
        Format.Safetensors => SafetensorsReader.Read(stream, source),
        Format.Checkpoint when request is not null => PyTorchCheckpointReader.Read(stream, source, request),
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
