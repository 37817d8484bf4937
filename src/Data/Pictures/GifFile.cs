using System.Buffers.Binary;

namespace Microsoft.ML.GentleClip.Data.Pictures;

/// <summary>Walks the blocks of a GIF file. Its data have no checksum; they end with a trailer.</summary>
internal static class GifFile
{
    private const int ScreenLength = 13, ImageLength = 10;
    private const byte Extension = 0x21, Image = 0x2C, Trailer = 0x3B, HasTable = 0x80, TableSize = 7;

    /// <summary>Fills in what the file says; returns what is wrong with it.</summary>
    public static string? Scan(ReadOnlySpan<byte> file, PictureFacts facts)
    {
        if (file.Length < ScreenLength)
            return PictureFacts.CutShort(file.Length, "inside the header");
        facts.Width = BinaryPrimitives.ReadUInt16LittleEndian(file[6..]);
        facts.Height = BinaryPrimitives.ReadUInt16LittleEndian(file[8..]);
        var (at, hasImage) = (ScreenLength + TableLength(file[10]), false);
        while (at < file.Length)
        {
            var (block, start) = (file[at], at);
            if (block == Trailer)
                return hasImage ? null : PictureFacts.Damaged(start, "the file ends before its first picture");
            if (block == Extension)
                at += 2;
            else if (block == Image)
            {
                if (at + ImageLength > file.Length)
                    break;
                at += ImageLength + TableLength(file[at + ImageLength - 1]) + 1;
                hasImage = true;
            }
            else
                return PictureFacts.Damaged(start, $"expected a block, found {block:X2}");
            // Pieces of up to 255 bytes, each after its length; a length of 0 ends them.
            while (at < file.Length && file[at] != 0)
                at += file[at] + 1;
            at++;
        }
        return PictureFacts.CutShort(file.Length, "before the trailer 3B");
    }

    private static int TableLength(byte flags) => (flags & HasTable) == 0 ? 0 : 3 << ((flags & TableSize) + 1);
}
