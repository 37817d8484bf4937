using System.Buffers.Binary;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>The checksum of zip files (polynomial 0xEDB88320), eight bytes a step.</summary>
internal struct Crc32
{
    private const uint Polynomial = 0xEDB88320;
    private static readonly uint[] Table = CreateTable();
    private uint _state;

    /// <summary>The checksum of everything appended so far.</summary>
    public readonly uint Value => _state;

    /// <summary>The checksum of some bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = default(Crc32);
        crc.Append(bytes);
        return crc.Value;
    }

    /// <summary>Takes more bytes in.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        var (state, table) = (~_state, Table);
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ state;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            state = table[0x700 + (low & 0xff)] ^ table[0x600 + ((low >> 8) & 0xff)] ^ table[0x500 + ((low >> 16) & 0xff)] ^ table[0x400 + (low >> 24)]
                ^ table[0x300 + (high & 0xff)] ^ table[0x200 + ((high >> 8) & 0xff)] ^ table[0x100 + ((high >> 16) & 0xff)] ^ table[high >> 24];
        }
        foreach (var value in bytes)
            state = (state >> 8) ^ table[(byte)state ^ value];
        _state = ~state;
    }

    // Row k holds the effect of a byte that k more bytes follow.
    private static uint[] CreateTable()
    {
        var table = new uint[8 * 256];
        for (var i = 0u; i < 256; i++)
        {
            table[i] = i;
            for (var bit = 0; bit < 8; bit++)
                table[i] = (table[i] >> 1) ^ ((table[i] & 1) * Polynomial);
        }
        for (var i = 256; i < table.Length; i++)
            table[i] = (table[i - 256] >> 8) ^ table[(byte)table[i - 256]];
        return table;
    }
}
