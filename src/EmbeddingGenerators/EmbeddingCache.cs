using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Microsoft.ML.GentleClip.EmbeddingGenerators;

/// <summary>
/// Embeddings on disk, one file a text, named by a hash of model, options and text. A file is written beside and renamed, so that readers of any process see it
/// whole; one that is cut, damaged or of something else is found by its checksum and counts as not there.
/// </summary>
/// <param name="folder">Where the files are.</param>
/// <param name="model">What all of a model's texts have in common.</param>
internal sealed class EmbeddingCache(string folder, params IReadOnlyList<string> model)
{
    private const int HashBytes = 32, HeaderBytes = 8 + HashBytes + sizeof(int);

    private static readonly byte[] Magic = "GCEMBED1"u8.ToArray();

    /// <summary>Files that could not be used.</summary>
    public long Damaged { get; private set; }

    /// <summary>The embedding of a text; null where it is not kept, or not as it was written.</summary>
    public float[]? Find(string text)
    {
        var key = Key(text);
        byte[] content;
        try
        {
            content = File.ReadAllBytes(PathOf(key));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        if (content.Length > HeaderBytes + HashBytes && content.AsSpan(0, Magic.Length).SequenceEqual(Magic)
            && content.AsSpan(Magic.Length, HashBytes).SequenceEqual(key))
        {
            var dimension = BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(Magic.Length + HashBytes));
            var end = HeaderBytes + (long)dimension * sizeof(float);
            if (dimension > 0 && content.Length == end + HashBytes
                && SHA256.HashData(content.AsSpan(0, (int)end)).AsSpan().SequenceEqual(content.AsSpan((int)end)))
                return MemoryMarshal.Cast<byte, float>(content.AsSpan(HeaderBytes, dimension * sizeof(float))).ToArray();
        }
        Damaged++;
        return null;
    }

    /// <summary>Keeps the embedding of a text.</summary>
    public void Keep(string text, float[] embedding)
    {
        var key = Key(text);
        var content = new byte[HeaderBytes + embedding.Length * sizeof(float) + HashBytes];
        Magic.CopyTo(content, 0);
        key.CopyTo(content, Magic.Length);
        BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(Magic.Length + HashBytes), embedding.Length);
        MemoryMarshal.AsBytes(embedding.AsSpan()).CopyTo(content.AsSpan(HeaderBytes));
        SHA256.HashData(content.AsSpan(0, content.Length - HashBytes)).CopyTo(content, content.Length - HashBytes);
        var path = PathOf(key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // Not flushed to the disk: a file that a crash cut is found and replaced.
        var temporary = $"{path}.{Path.GetRandomFileName()}.tmp";
        try
        {
            File.WriteAllBytes(temporary, content);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>File of a text; for tests.</summary>
    public string PathOf(string text) => PathOf(Key(text));

    private string PathOf(byte[] key)
    {
        var name = Convert.ToHexStringLower(key);
        return Path.Combine(folder, name[..2], name);
    }

    private byte[] Key(string text)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in model.Append(text))
        {
            // Each with its length, so that no two lists of parts look alike. Lone surrogates stay apart.
            var bytes = MemoryMarshal.AsBytes(part.AsSpan());
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }
        return hash.GetHashAndReset();
    }
}
