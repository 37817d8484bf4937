using System.Buffers.Binary;
using System.IO.Compression;

namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>A small picture in a cell of a <see cref="NotebookTable"/>, as PNG inside the page.</summary>
public sealed class NotebookPicture
{
    private const int Channels = 3;

    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    private NotebookPicture(int width, int height, string description, byte[] png) => (Width, Height, Description, Png) = (width, height, description, png);

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>What stands in its place where pictures are not shown.</summary>
    public string Description { get; }

    internal byte[] Png { get; }

    /// <summary>A picture from the planes of red, green and blue that the library's image columns hold.</summary>
    /// <param name="planes">Shape <c>[3, height, width]</c>, each value 0 to 255; values outside are cut.</param>
    /// <param name="width">Width in pixels, 1 or more.</param>
    /// <param name="height">Height in pixels, 1 or more.</param>
    /// <param name="description">What stands in its place where pictures are not shown.</param>
    /// <exception cref="ArgumentException">There are not 3 x height x width values.</exception>
    public static NotebookPicture FromPlanes(ReadOnlySpan<float> planes, int width, int height, string description = "")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(description);
        int size = width * height;
        if (planes.Length != Channels * size)
            throw new ArgumentException($"A picture of {width} x {height} pixels has {Channels * size} values; found {planes.Length}.", nameof(planes));

        // Each line begins with the number of its filter, 0 for none.
        var lines = new byte[height * (1 + Channels * width)];
        for (int i = 0; i < size; i++)
            for (int channel = 0; channel < Channels; channel++)
                lines[i / width * (1 + Channels * width) + 1 + i % width * Channels + channel] =
                    (byte)Math.Clamp(MathF.Round(planes[channel * size + i]), 0, 255);
        return new NotebookPicture(width, height, description, Encode(lines, width, height));
    }

    /// <summary>The description.</summary>
    public override string ToString() => Description;

    private static byte[] Encode(byte[] lines, int width, int height)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2); // eight bits a channel; red, green and blue
        using var data = new MemoryStream();
        using (var compressed = new ZLibStream(data, CompressionLevel.SmallestSize, leaveOpen: true))
            compressed.Write(lines);
        return [.. Signature, .. Chunk("IHDR", header), .. Chunk("IDAT", data.ToArray()), .. Chunk("IEND", [])];
    }

    private static byte[] Chunk(string type, byte[] content)
    {
        byte[] chunk = new byte[content.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
        for (int i = 0; i < type.Length; i++)
            chunk[4 + i] = (byte)type[i];
        content.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + content.Length), Checksum(chunk.AsSpan(4, content.Length + 4)));
        return chunk;
    }

    // CRC-32 of PNG (ISO 3309), bit by bit: the pictures are small.
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint remainder = uint.MaxValue;
        foreach (byte value in bytes)
        {
            remainder ^= value;
            for (int bit = 0; bit < 8; bit++)
                remainder = (remainder & 1) == 0 ? remainder >> 1 : remainder >> 1 ^ 0xEDB88320;
        }
        return ~remainder;
    }
}
