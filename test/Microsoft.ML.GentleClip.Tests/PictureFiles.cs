using System.Buffers.Binary;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Data.Pictures;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests;

/// <summary>Picture files of every format, whole, cut, and with a note of how they are to be turned.</summary>
internal static class PictureFiles
{
    public const int Width = 46, Height = 34;

    public static string[] Formats { get; } = ["jpg", "png", "webp", "gif", "bmp"];

    /// <summary>Those that can hold EXIF.</summary>
    public static string[] Turnable { get; } = ["jpg", "png", "webp"];

    /// <summary>A picture whose corners differ, with enough noise that no part of the file is idle.</summary>
    public static byte[] Create(string format)
    {
        var random = new Random(1);
        var pixels = new byte[4 * Width * Height];
        for (var i = 0; i < Width * Height; i++)
        {
            var (x, y) = (i % Width, i / Width);
            (pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2], pixels[4 * i + 3]) = ((byte)(4 * x + random.Next(60)), (byte)(5 * y + random.Next(60)),
                (byte)random.Next(120), 255);
        }
        if (format == "gif")
            return Gif(pixels);
        if (format == "bmp")
            return Bmp(pixels);
        using var folder = new TemporaryFolder();
        using var image = MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Bgra32, pixels);
        image.Save(folder.File("a." + format));
        return File.ReadAllBytes(folder.File("a." + format));
    }

    /// <summary>The file with an EXIF block that says how to turn it.</summary>
    public static byte[] Turned(byte[] file, string format, int orientation, bool little = true)
    {
        var exif = Exif(orientation, little);
        return format switch
        {
            "jpg" => [.. file[..2], 0xFF, 0xE1, .. Big16(exif.Length + 8), .. "Exif\0\0"u8, .. exif, .. file[2..]],
            "png" => [.. file[..33], .. Chunk("eXIf"u8, exif), .. file[33..]],
            "webp" => Extended(file, exif),
            _ => throw new ArgumentOutOfRangeException(nameof(format)),
        };
    }

    /// <summary>The pixels that a viewer shows, made by turning and mirroring the decoded ones step by step.</summary>
    public static MLImage Shown(byte[] file, int orientation)
    {
        using var stream = new MemoryStream(file);
        using var stored = MLImage.CreateFromStream(stream);
        var bitmap = ImagePixels.Of(stored);
        var (width, height) = (stored.Width, stored.Height);
        var pixels = new uint[width * height];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = BinaryPrimitives.ReadUInt32LittleEndian(bitmap.Bytes.AsSpan(i / width * bitmap.RowBytes + i % width * 4));
        var quarters = orientation switch { 3 or 4 => 2, 6 or 5 => 1, 8 or 7 => 3, _ => 0 };
        for (var i = 0; i < quarters; i++)
            (pixels, width, height) = ToTheRight(pixels, width, height);
        if (orientation is 2 or 4 or 5 or 7)
            pixels = [.. pixels.Chunk(width).SelectMany(row => row.Reverse())];
        var bytes = new byte[4 * pixels.Length];
        for (var i = 0; i < pixels.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4 * i), pixels[i]);
        return MLImage.CreateFromPixels(width, height, stored.PixelFormat, bytes);
    }

    /// <summary>A PNG file of a few bytes whose header says another size; every checksum is right.</summary>
    public static byte[] Claiming(int width, int height)
    {
        byte[] header = [.. Big32(width), .. Big32(height), 8, 2, 0, 0, 0];
        return [.. Create("png")[..8], .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, [0x78, 0x9C, 0x03, 0, 0, 0, 0, 1]), .. Chunk("IEND"u8, [])];
    }

    private static (uint[] Pixels, int Width, int Height) ToTheRight(uint[] pixels, int width, int height)
    {
        var turned = new uint[pixels.Length];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                turned[x * height + (height - 1 - y)] = pixels[y * width + x];
        return (turned, height, width);
    }

    // A directory of two entries, the orientation second.
    private static byte[] Exif(int orientation, bool little) => little
        ? [.. "II*\0"u8, 8, 0, 0, 0, 2, 0, 0x00, 0x01, 4, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, (byte)orientation, 0, 0, 0, 0, 0, 0, 0]
        : [.. "MM\0*"u8, 0, 0, 0, 8, 0, 2, 0x01, 0x00, 0, 4, 0, 0, 0, 1, 0, 0, 0, 9, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];

    private static byte[] Chunk(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        byte[] body = [.. type, .. data];
        return [.. Big32(data.Length), .. body, .. Big32((int)PngFile.Checksum(body))];
    }

    private static byte[] Extended(byte[] file, byte[] exif)
    {
        byte[] size = [(byte)(Width - 1), 0, 0, (byte)(Height - 1), 0, 0];
        byte[] body = [.. "WEBPVP8X"u8, 10, 0, 0, 0, 8, 0, 0, 0, .. size, .. file[12..], .. "EXIF"u8, .. Little32(exif.Length), .. exif];
        return [.. "RIFF"u8, .. Little32(body.Length), .. body];
    }

    // Codes of eight bits, the table emptied before they would grow: as large as the pixels, but a GIF.
    private static byte[] Gif(byte[] pixels)
    {
        const byte clear = 128, end = 129, codeSize = 7;
        var table = Enumerable.Range(0, 128).SelectMany(i => new[] { (byte)(2 * i), (byte)(2 * i), (byte)(2 * i) });
        var codes = Enumerable.Range(0, Width * Height).Select(i => (byte)(pixels[4 * i] / 2)).Chunk(100).SelectMany(some => some.Prepend(clear)).Append(end);
        return [.. "GIF89a"u8, Width, 0, Height, 0, 0xF6, 0, 0, .. table, 0x21, 0xF9, 4, 0, 0, 0, 0, 0,
            0x2C, 0, 0, 0, 0, Width, 0, Height, 0, 0, codeSize, .. codes.Chunk(255).SelectMany(some => some.Prepend((byte)some.Length)), 0, 0x3B];
    }

    private static byte[] Bmp(byte[] pixels)
    {
        const int start = 54, stride = (Width * 3 + 3) / 4 * 4;
        var rows = new byte[stride * Height];
        for (var i = 0; i < Width * Height; i++)
            pixels.AsSpan(4 * i, 3).CopyTo(rows.AsSpan((Height - 1 - i / Width) * stride + i % Width * 3));
        return [.. "BM"u8, .. Little32(start + rows.Length), 0, 0, 0, 0, start, 0, 0, 0,
            40, 0, 0, 0, .. Little32(Width), .. Little32(Height), 1, 0, 24, 0, 0, 0, 0, 0, .. Little32(rows.Length), .. new byte[16], .. rows];
    }

    private static byte[] Big16(int value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Big32(int value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    private static byte[] Little32(int value) => [(byte)value, (byte)(value >> 8), (byte)(value >> 16), (byte)(value >> 24)];
}
