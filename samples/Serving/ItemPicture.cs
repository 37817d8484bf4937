using System.Buffers.Binary;
using EmojiPictures;
using Microsoft.ML.GentleClip;

namespace Serving;

/// <summary>A picture as a browser shows it.</summary>
internal sealed record ItemPicture(byte[] Bytes, string ContentType)
{
    private const int HeaderSize = 54;

    /// <summary>A file as it was given; null where browsers do not know its format.</summary>
    public static ItemPicture? Of(byte[] file) => PictureInfo.Read(file).Format switch
    {
        PictureFormat.Png => new(file, "image/png"),
        PictureFormat.Jpeg => new(file, "image/jpeg"),
        PictureFormat.Webp => new(file, "image/webp"),
        PictureFormat.Gif => new(file, "image/gif"),
        PictureFormat.Bmp => new(file, "image/bmp"),
        _ => null,
    };

    /// <summary>An emoji's pixels as a BMP file, which needs no encoder: rows from the bottom up, blue first.</summary>
    public static ItemPicture OfEmoji(byte[] pixels)
    {
        byte[] file = new byte[HeaderSize + pixels.Length];
        "BM"u8.CopyTo(file);
        foreach (var (offset, value) in new[]
            { (2, file.Length), (10, HeaderSize), (14, 40), (18, EmojiData.Side), (22, EmojiData.Side), (26, 1 | 24 << 16), (34, pixels.Length) })
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(offset), value);
        const int stride = EmojiData.Side * EmojiData.Channels;
        for (int row = 0; row < EmojiData.Side; row++)
        {
            var line = file.AsSpan(HeaderSize + row * stride, stride);
            pixels.AsSpan((EmojiData.Side - 1 - row) * stride, stride).CopyTo(line);
            for (int pixel = 0; pixel < stride; pixel += EmojiData.Channels)
                line.Slice(pixel, EmojiData.Channels).Reverse();
        }
        return new(file, "image/bmp");
    }
}
