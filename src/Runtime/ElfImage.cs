using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>
/// What the dynamic loader reads of a 64-bit little-endian ELF shared object: its segments and its dynamic section.
/// Every read is checked against the file; a file that is not such an object, or is damaged, gives <see cref="InvalidDataException"/>.
/// </summary>
internal sealed class ElfImage
{
    private const int HeaderSize = 64, SegmentSize = 56, MaximumDynamicSize = 1 << 20, MaximumNameLength = 4096;
    private const int Load = 1, Dynamic = 2;
    private const long NeededTag = 1, StringsTag = 5, StringsSizeTag = 10;

    private readonly Stream _file;
    private readonly List<(ulong Offset, ulong Address, ulong Size)> _segments = [];
    private readonly List<(long Tag, ulong Value)> _dynamic = [];

    /// <summary>Reads the headers; the stream must be seekable and stays open, the caller owns it.</summary>
    public ElfImage(Stream file)
    {
        _file = file;
        var header = Read(0, HeaderSize);
        if (!header.AsSpan(0, 6).SequenceEqual("\u007fELF\u0002\u0001"u8))
            throw new InvalidDataException("Not a 64-bit little-endian ELF file.");
        if (U16(header, 16) != 3)
            throw new InvalidDataException("Not an ELF shared object.");
        if (U16(header, 54) != SegmentSize)
            throw new InvalidDataException($"ELF program headers of {U16(header, 54)} bytes, expected {SegmentSize}.");
        var segments = Read(U64(header, 32), U16(header, 56) * SegmentSize);
        for (var at = 0; at < segments.Length; at += SegmentSize)
        {
            var (type, offset, address, size) = (U32(segments, at), U64(segments, at + 8), U64(segments, at + 16), U64(segments, at + 32));
            if (type == Load)
                _segments.Add((offset, address, size));
            else if (type == Dynamic)
                ReadDynamic(offset, size);
        }
    }

    /// <summary>Names (DT_NEEDED) of the libraries that this one asks for, in order.</summary>
    public IReadOnlyList<string> Needed => [.. _dynamic.Where(entry => entry.Tag == NeededTag).Select(entry => NameAt(entry.Value))];

    /// <summary>The value of a dynamic entry, or null where the file has none; two of one tag are refused.</summary>
    public ulong? Entry(long tag)
    {
        ulong? value = null;
        foreach (var entry in _dynamic.Where(entry => entry.Tag == tag))
            value = value is null ? entry.Value : throw new InvalidDataException($"Two dynamic entries 0x{tag:x}.");
        return value;
    }

    /// <summary>The value of a dynamic entry that must be there.</summary>
    public ulong RequiredEntry(long tag) => Entry(tag) ?? throw new InvalidDataException($"No dynamic entry 0x{tag:x}.");

    /// <summary>Where in the file the bytes mapped at an address lie.</summary>
    public long OffsetOf(ulong address, long size)
    {
        foreach (var segment in _segments)
        {
            var inside = address - segment.Address;
            if (address >= segment.Address && inside <= segment.Size && (ulong)size <= segment.Size - inside)
            {
                var offset = unchecked(segment.Offset + inside);
                return offset <= (ulong)_file.Length ? (long)offset
                    : throw new InvalidDataException($"Segment at 0x{offset:x} lies beyond the end of the file.");
            }
        }
        throw new InvalidDataException($"Address 0x{address:x} ({size} bytes) is in no segment of the file.");
    }

    /// <summary>The bytes mapped at an address.</summary>
    public byte[] ReadAt(ulong address, long size) => Read((ulong)OffsetOf(address, size), size);

    /// <summary>A text of the dynamic string table.</summary>
    public string NameAt(ulong position)
    {
        var (table, size) = (RequiredEntry(StringsTag), RequiredEntry(StringsSizeTag));
        if (position >= size)
            throw new InvalidDataException($"Name at {position} in a string table of {size} bytes.");
        var bytes = ReadAt(unchecked(table + position), (long)Math.Min(size - position, MaximumNameLength));
        var end = Array.IndexOf(bytes, (byte)0);
        return end >= 0 ? Encoding.UTF8.GetString(bytes, 0, end) : throw new InvalidDataException($"Name at {position} does not end.");
    }

    private void ReadDynamic(ulong offset, ulong size)
    {
        if (_dynamic.Count > 0 || size > MaximumDynamicSize)
            throw new InvalidDataException("Two dynamic sections, or one that is too large.");
        var bytes = Read(offset, (long)size);
        for (var at = 0; at + 16 <= bytes.Length && U64(bytes, at) != 0; at += 16)
            _dynamic.Add(((long)U64(bytes, at), U64(bytes, at + 8)));
    }

    private byte[] Read(ulong offset, long size)
    {
        var length = (ulong)_file.Length;
        if (size < 0 || offset > length || (ulong)size > length - offset || size > Array.MaxLength)
            throw new InvalidDataException($"{size} bytes at 0x{offset:x} expected, the file has {length}.");
        var bytes = new byte[size];
        _file.Position = (long)offset;
        _file.ReadExactly(bytes);
        return bytes;
    }

    public static ushort U16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at, 2));

    public static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at, 4));

    public static ulong U64(byte[] bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at, 8));
}
