using System.Buffers.Binary;

namespace Microsoft.ML.GentleClip.Data.Pictures;

/// <summary>Walks the chunks of a WEBP file. Its data have no checksum; the file's length stands in its header.</summary>
internal static class WebpFile
{
    private const int ChunkHeader = 8;

    /// <summary>Fills in what the file says; returns what is wrong with it.</summary>
    public static string? Scan(ReadOnlySpan<byte> file, PictureFacts facts)
    {
        var size = BinaryPrimitives.ReadUInt32LittleEndian(file[4..]);
        var isCut = size > file.Length - ChunkHeader;
        var end = isCut ? file.Length : (int)size + ChunkHeader;
        var (isExtended, hasPicture) = (false, false);
        for (var at = 12; at + ChunkHeader <= end;)
        {
            var type = file.Slice(at, 4);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(file[(at + 4)..]);
            var rest = file[(at + ChunkHeader)..end];
            if (length > rest.Length)
                return isCut ? Cut(file, facts, rest, type, isExtended) : PictureFacts.Damaged(at, "a chunk is longer than the file");
            var data = rest[..(int)length];
            if (type.SequenceEqual("VP8X"u8) && data.Length >= 10)
            {
                isExtended = true;
                (facts.Width, facts.Height) = (U24(data[4..]) + 1, U24(data[7..]) + 1);
            }
            else if (type.SequenceEqual("VP8 "u8) || type.SequenceEqual("VP8L"u8))
            {
                hasPicture = true;
                if (ReadFrame(type, data, facts, isExtended) is { } problem)
                    return PictureFacts.Damaged(at, problem);
            }
            else if (type.SequenceEqual("ANMF"u8))
                hasPicture = true;
            else if (type.SequenceEqual("EXIF"u8))
                facts.ReadExif(data);
            at += ChunkHeader + (int)Math.Min(length + (length & 1), int.MaxValue - ChunkHeader - at);
        }
        if (isCut)
            return PictureFacts.CutShort(file.Length, $"of the {(long)size + ChunkHeader} that its header says");
        return hasPicture ? null : PictureFacts.Damaged(12, "there is no picture in it");
    }

    // The size may be known all the same.
    private static string Cut(ReadOnlySpan<byte> file, PictureFacts facts, ReadOnlySpan<byte> rest, ReadOnlySpan<byte> type, bool isExtended)
    {
        if (type.SequenceEqual("VP8 "u8) || type.SequenceEqual("VP8L"u8))
            _ = ReadFrame(type, rest, facts, isExtended);
        return PictureFacts.CutShort(file.Length, "inside the picture's data");
    }

    private static string? ReadFrame(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data, PictureFacts facts, bool isExtended)
    {
        int width, height;
        if (type.SequenceEqual("VP8L"u8))
        {
            if (data.Length < 5 || data[0] != 0x2F)
                return "the header of the lossless data is wrong";
            var bits = BinaryPrimitives.ReadUInt32LittleEndian(data[1..]);
            (width, height) = ((int)(bits & 0x3FFF) + 1, (int)(bits >> 14 & 0x3FFF) + 1);
        }
        else
        {
            if (data.Length < 10 || data[3] != 0x9D || data[4] != 0x01 || data[5] != 0x2A)
                return "the header of the lossy data is wrong";
            if (U24(data) >> 5 > data.Length - 10)
                return "the lossy data are shorter than their first part";
            (width, height) = (BinaryPrimitives.ReadUInt16LittleEndian(data[6..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(data[8..]) & 0x3FFF);
        }
        if (isExtended)
            return null; // the canvas has told the size
        (facts.Width, facts.Height) = (width, height);
        return null;
    }

    private static int U24(ReadOnlySpan<byte> bytes) => bytes[0] | bytes[1] << 8 | bytes[2] << 16;
}
