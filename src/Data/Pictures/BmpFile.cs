using System.Buffers.Binary;

namespace Microsoft.ML.GentleClip.Data.Pictures;

/// <summary>Reads the header of a Windows bitmap and checks that the file has as many bytes as its rows take.</summary>
internal static class BmpFile
{
    /// <summary>Bytes of the file header and of the length of the next one.</summary>
    public const int HeaderLength = 18;

    private const int CoreHeader = 12, InfoHeader = 40, PlainRgb = 0, BitFields = 3, AlphaBitFields = 6;

    /// <summary>Fills in what the file says; returns what is wrong with it.</summary>
    public static string? Scan(ReadOnlySpan<byte> file, PictureFacts facts)
    {
        var (declared, start) = (U32(file, 2), U32(file, 10));
        var header = U32(file, 14);
        if (header != CoreHeader && header < InfoHeader)
            return PictureFacts.Damaged(14, $"a header of {header} bytes");
        if (14 + header > file.Length)
            return PictureFacts.CutShort(file.Length, "inside the header");
        var isCore = header == CoreHeader;
        long width = isCore ? BinaryPrimitives.ReadUInt16LittleEndian(file[18..]) : (int)U32(file, 18);
        long height = isCore ? BinaryPrimitives.ReadUInt16LittleEndian(file[20..]) : Math.Abs((long)(int)U32(file, 22)); // below 0: from the top down
        var bits = BinaryPrimitives.ReadUInt16LittleEndian(file[(isCore ? 24 : 28)..]);
        var compression = isCore ? PlainRgb : U32(file, 30);
        if (width < 0 || height > int.MaxValue)
            return PictureFacts.Damaged(18, $"a picture of {width} x {height} pixels");
        (facts.Width, facts.Height) = ((int)width, (int)height);
        // Of compressed data the header says the length, and where it leaves it out, that of the file.
        Int128 needed = compression is PlainRgb or BitFields or AlphaBitFields ? start + (width * bits + 31) / 32 * 4 * (Int128)height
            : U32(file, 34) is > 0 and var size ? (long)start + size : declared;
        return needed > file.Length ? PictureFacts.CutShort(file.Length, $"of {needed} that its header says") : null;
    }

    private static uint U32(ReadOnlySpan<byte> file, int at) => BinaryPrimitives.ReadUInt32LittleEndian(file[at..]);
}
