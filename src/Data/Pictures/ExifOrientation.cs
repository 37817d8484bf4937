using System.Buffers.Binary;

namespace Microsoft.ML.GentleClip.Data.Pictures;

/// <summary>Finds the orientation in an EXIF block: a TIFF header and its first directory.</summary>
internal static class ExifOrientation
{
    private const int OrientationTag = 0x0112, EntryLength = 12;
    private const int ShortType = 3, LongType = 4;

    /// <summary>Orientation, 1 to 8, or null where the block has none or cannot be read: a broken note must not cost the picture.</summary>
    public static int? Find(ReadOnlySpan<byte> tiff)
    {
        if (tiff.StartsWith("Exif\0\0"u8)) // some writers keep JPEG's prefix in other formats
            tiff = tiff[6..];
        var little = tiff.StartsWith("II*\0"u8);
        if (tiff.Length < 8 || (!little && !tiff.StartsWith("MM\0*"u8)))
            return null;
        var start = U32(tiff[4..], little);
        if (start > tiff.Length - 2)
            return null;
        var directory = tiff[(int)start..];
        var entries = directory[2..];
        for (var i = U16(directory, little); i > 0 && entries.Length >= EntryLength; i--, entries = entries[EntryLength..])
        {
            if (U16(entries, little) != OrientationTag)
                continue;
            uint value = U16(entries[2..], little) switch
            {
                ShortType => (uint)U16(entries[8..], little),
                LongType => U32(entries[8..], little),
                _ => 0,
            };
            return value is >= 1 and <= 8 ? (int)value : null;
        }
        return null;
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint U32(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
