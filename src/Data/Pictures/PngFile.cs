using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.GentleClip.Data.Pictures;

/// <summary>Walks the chunks of a PNG file and checks the checksum of each.</summary>
internal static class PngFile
{
    private const int HeaderLength = 13, Frame = 12;

    private static readonly uint[] Table = MakeTable();

    /// <summary>The first bytes.</summary>
    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Fills in what the file says; returns what is wrong with it.</summary>
    public static string? Scan(ReadOnlySpan<byte> file, PictureFacts facts)
    {
        var hasData = false;
        for (var at = Signature.Length; ;)
        {
            if (at + Frame > file.Length)
                return PictureFacts.CutShort(file.Length, hasData ? "before the closing chunk IEND" : "before the picture's data");
            var length = BinaryPrimitives.ReadUInt32BigEndian(file[at..]);
            var type = file.Slice(at + 4, 4);
            if (at == Signature.Length && (length != HeaderLength || !type.SequenceEqual("IHDR"u8)))
                return PictureFacts.Damaged(at, "the first chunk is not a header");
            if (type.IndexOfAnyExcept(Letters) >= 0)
                return PictureFacts.Damaged(at + 4, "the name of a chunk is not one");
            if (length > file.Length - at - Frame)
                return PictureFacts.CutShort(file.Length, $"inside the chunk {Encoding.ASCII.GetString(type)}");
            var end = at + 8 + (int)length;
            var data = file[(at + 8)..end];
            if (at == Signature.Length)
            {
                facts.Width = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(data), int.MaxValue);
                facts.Height = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(data[4..]), int.MaxValue);
            }
            if (Checksum(file[(at + 4)..end]) != BinaryPrimitives.ReadUInt32BigEndian(file[end..]))
                return PictureFacts.Damaged(at, $"the checksum of the chunk {Encoding.ASCII.GetString(type)} is wrong");
            if (type.SequenceEqual("IEND"u8))
                return hasData ? null : PictureFacts.Damaged(at, "the picture ends before its data");
            hasData |= type.SequenceEqual("IDAT"u8);
            if (type.SequenceEqual("eXIf"u8))
                facts.ReadExif(data);
            at = end + 4;
        }
    }

    // CRC-32 as in ISO 3309.
    internal static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var value in bytes)
            sum = Table[(byte)(sum ^ value)] ^ (sum >> 8);
        return ~sum;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < table.Length; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
                value = (value & 1) != 0 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
            table[i] = value;
        }
        return table;
    }

    private static readonly System.Buffers.SearchValues<byte> Letters = System.Buffers.SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);
}
