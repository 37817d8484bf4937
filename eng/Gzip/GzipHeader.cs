namespace Microsoft.ML.GentleClip.Data;

/// <summary>The header of a gzip member, RFC 1952.</summary>
internal static class GzipHeader
{
    private const int FixedLength = 10, HasCheck = 2, HasExtra = 4, HasName = 8, HasComment = 16;

    /// <summary>Moves behind the header of a member.</summary>
    /// <returns>Whether there is one.</returns>
    public static bool TrySkip(Stream file)
    {
        Span<byte> header = stackalloc byte[FixedLength];
        if (file.ReadAtLeast(header, FixedLength, throwOnEndOfStream: false) < FixedLength || header is not [0x1F, 0x8B, 8, ..])
            return false;
        var flags = header[3];
        if ((flags & HasExtra) != 0)
        {
            var length = file.ReadByte() | (file.ReadByte() << 8);
            if (length < 0)
                return false;
            file.Position += length;
        }
        return ((flags & HasName) == 0 || SkipText(file))
            && ((flags & HasComment) == 0 || SkipText(file))
            && ((flags & HasCheck) == 0 || (file.ReadByte() >= 0 && file.ReadByte() >= 0));
    }

    private static bool SkipText(Stream file)
    {
        int value;
        do
            value = file.ReadByte();
        while (value > 0);
        return value == 0;
    }
}
