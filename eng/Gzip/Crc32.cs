namespace Microsoft.ML.GentleClip.Data;

/// <summary>The checksum of gzip, CRC-32 of RFC 1952.</summary>
internal static class Crc32
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(static value =>
    {
        var sum = (uint)value;
        for (var bit = 0; bit < 8; bit++)
            sum = (sum >> 1) ^ (0xEDB88320u & (0u - (sum & 1)));
        return sum;
    })];

    /// <summary>The sum with more bytes; it begins as all ones and is complemented at the end.</summary>
    public static uint Append(uint sum, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
            sum = (sum >> 8) ^ Table[(byte)(sum ^ value)];
        return sum;
    }
}
