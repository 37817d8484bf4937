using System.Buffers.Binary;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>Reads safetensors files strictly: nothing is allocated for a size that the file does not hold.</summary>
internal static class SafetensorsReader
{
    /// <summary>Reads a file.</summary>
    public static StateDict Read(string path)
    {
        using var stream = File.OpenRead(path);
        return Read(stream, path);
    }

    /// <summary>Reads from the stream's position to its end.</summary>
    /// <param name="stream">Stays open. One that cannot seek is taken into memory first.</param>
    /// <param name="source">File or zip entry, for messages.</param>
    /// <returns>Tensors on the CPU that need no gradient; the caller disposes them.</returns>
    /// <exception cref="InvalidDataException">
    /// Not a well-formed safetensors file; the message names the source, the tensor, what was expected and found.
    /// </exception>
    public static StateDict Read(Stream stream, string source)
    {
        TorchNativeLibrary.EnsureLoaded();
        if (!stream.CanSeek)
        {
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            copy.Position = 0;
            return Read(copy, source);
        }
        try
        {
            var header = ReadHeader(stream, source);
            using var scope = NewDisposeScope();
            return new StateDict(source,
                [.. header.Entries.Select(
                    entry => KeyValuePair.Create(entry.Name, TensorData.Read(stream, entry.Shape, entry.Type, $"{source}: tensor '{entry.Name}'")))],
                        header.Metadata);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"{source}: ends before its declared length.", e); // shortened while being read
        }
    }

    /// <summary>Reads from the stream's position to its end, without libtorch.</summary>
    /// <inheritdoc cref="Read(Stream, string)" path="/param"/>
    /// <exception cref="InvalidDataException">As <see cref="Read(Stream, string)"/>; or a tensor takes more than 2 GiB.</exception>
    public static RawWeights ReadRaw(Stream stream, string source)
    {
        if (!stream.CanSeek)
        {
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            copy.Position = 0;
            return ReadRaw(copy, source);
        }
        try
        {
            var header = ReadHeader(stream, source);
            return new RawWeights(source, header, [.. header.Entries.Select(entry => new RawTensor(entry.Name, entry.Type, entry.Shape, Bytes(entry)))]);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"{source}: ends before its declared length.", e);
        }

        byte[] Bytes(SafetensorsEntry entry)
        {
            if (entry.End - entry.Begin > Array.MaxLength)
                throw new InvalidDataException(
                    $"{source}: tensor '{entry.Name}' takes {entry.End - entry.Begin} bytes; without libtorch at most {Array.MaxLength} can be read.");
            var bytes = new byte[entry.End - entry.Begin];
            stream.ReadExactly(bytes);
            return bytes;
        }
    }

    private static SafetensorsHeader ReadHeader(Stream stream, string source)
    {
        var available = stream.Length - stream.Position;
        if (available < SafetensorsHeader.PrefixLength)
            throw new InvalidDataException($"{source}: expected a header's length of {SafetensorsHeader.PrefixLength} bytes, found {available}.");
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixLength];
        stream.ReadExactly(prefix);
        available -= prefix.Length;
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > (ulong)Math.Min(available, SafetensorsHeader.MaximumLength))
            throw new InvalidDataException($"{source}: the header claims {length} bytes; {available} follow, {SafetensorsHeader.MaximumLength} are allowed.");
        var json = new byte[length];
        stream.ReadExactly(json);
        return SafetensorsHeader.Parse(json, available - json.Length, source);
    }
}
