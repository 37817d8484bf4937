using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>
/// The list of contents at the end of a zip file, zip64 included, read strictly: names are distinct and members do not overlap.
/// Members that nobody asks for may be compressed or encrypted; one that is read must be stored as it is, so that its size is the file's own.
/// </summary>
internal sealed class ZipDirectory
{
    private const uint EndSignature = 0x06054b50, End64Signature = 0x06064b50, Locator64Signature = 0x07064b50, EntrySignature = 0x02014b50,
        LocalSignature = 0x04034b50;
    private const int EndSize = 22, End64Size = 56, Locator64Size = 20, EntrySize = 46, LocalSize = 30, MaximumDirectory = 16 << 20, EncryptedFlags = 0x2041;
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly Stream _stream;
    private readonly string _source;
    private readonly long _base, _length;
    private readonly Dictionary<string, Member> _members = new(StringComparer.Ordinal);

    /// <summary>Reads the directory of a zip file that reaches from the stream's position to its end.</summary>
    /// <exception cref="InvalidDataException">Not a well-formed zip file.</exception>
    public ZipDirectory(Stream stream, string source)
    {
        (_stream, _source, _base, _length) = (stream, source, stream.Position, stream.Length - stream.Position);
        ReadMembers();
    }

    /// <summary>The members' names.</summary>
    public IReadOnlyCollection<string> Names => _members.Keys;

    /// <summary>Where a member's bytes lie, or null if there is no such member.</summary>
    /// <exception cref="InvalidDataException">The member is compressed, encrypted, or not where the directory says.</exception>
    public StoredRange? Find(string name)
    {
        if (!_members.TryGetValue(name, out var member))
            return null;
        if ((member.Flags & EncryptedFlags) != 0)
            throw Bad($"'{name}' is encrypted");
        if (member.Method != 0 || member.Packed != member.Size)
            throw Bad(
                $"'{name}' is compressed (method {member.Method}); PyTorch stores members as they are, so save the checkpoint again with it or pack the file "
                    + $"without compression");
        var header = Read(member.Header, LocalSize);
        var start = member.Header + LocalSize + ReadUInt16LittleEndian(header.AsSpan(26)) + ReadUInt16LittleEndian(header.AsSpan(28));
        if (ReadUInt32LittleEndian(header) != LocalSignature || start + member.Size > member.Limit
            || !Read(member.Header + LocalSize, ReadUInt16LittleEndian(header.AsSpan(26))).AsSpan().SequenceEqual(StrictUtf8.GetBytes(name)))
            throw Bad($"'{name}' does not lie where the directory says");
        return new StoredRange(name, _base + start, member.Size, member.Checksum);
    }

    private void ReadMembers()
    {
        var (count, size, start) = FindDirectory();
        var directory = Read(start, (int)size);
        var at = 0;
        var byPlace = new List<Member>();
        while (at < directory.Length)
        {
            var entry = directory.AsSpan(at);
            if (entry.Length < EntrySize || ReadUInt32LittleEndian(entry) != EntrySignature)
                throw Bad($"entry {byPlace.Count} of its directory is malformed");
            var (nameLength, extraLength) = (ReadUInt16LittleEndian(entry[28..]), ReadUInt16LittleEndian(entry[30..]));
            var whole = EntrySize + nameLength + extraLength + ReadUInt16LittleEndian(entry[32..]);
            if (entry.Length < whole)
                throw Bad($"entry {byPlace.Count} of its directory is cut off");
            var member = new Member
            {
                Name = Decode(entry.Slice(EntrySize, nameLength)),
                Flags = ReadUInt16LittleEndian(entry[8..]),
                Method = ReadUInt16LittleEndian(entry[10..]),
                Checksum = ReadUInt32LittleEndian(entry[16..]),
                Packed = ReadUInt32LittleEndian(entry[20..]),
                Size = ReadUInt32LittleEndian(entry[24..]),
                Header = ReadUInt32LittleEndian(entry[42..]),
            };
            ReadZip64(member, entry.Slice(EntrySize + nameLength, extraLength));
            byPlace.Add(member);
            if (!_members.TryAdd(member.Name, member))
                throw Bad($"two members '{Shown.Name(member.Name)}'");
            at += whole;
        }
        if (byPlace.Count != count)
            throw Bad($"{count} members announced, found {byPlace.Count}");
        byPlace.Sort((left, right) => left.Header.CompareTo(right.Header));
        for (var i = 0; i < byPlace.Count; i++)
        {
            var member = byPlace[i];
            member.Limit = i + 1 < byPlace.Count ? byPlace[i + 1].Header : start;
            if (member.Header < 0 || member.Packed < 0 || member.Size < 0 || (Int128)member.Header + LocalSize + member.Packed > member.Limit)
                throw Bad($"'{Shown.Name(member.Name)}' claims {member.Packed} bytes where {Math.Max(0, member.Limit - member.Header - LocalSize)} are");
        }
    }

    private (long Count, long Size, long Start) FindDirectory()
    {
        var tailStart = Math.Max(0, _length - EndSize - ushort.MaxValue);
        var tail = Read(tailStart, (int)(_length - tailStart));
        var at = tail.Length - EndSize;
        while (at >= 0 && (ReadUInt32LittleEndian(tail.AsSpan(at)) != EndSignature
            || at + EndSize + ReadUInt16LittleEndian(tail.AsSpan(at + 20)) != tail.Length))
            at--;
        if (at < 0)
            throw Bad("the zip file has no directory at its end; it is cut off");
        var end = tail.AsSpan(at);
        long count = ReadUInt16LittleEndian(end[10..]), size = ReadUInt32LittleEndian(end[12..]), start = ReadUInt32LittleEndian(end[16..]);
        var limit = tailStart + at;
        if (count == ushort.MaxValue || size == uint.MaxValue || start == uint.MaxValue)
        {
            var locator = Read(limit - Locator64Size, Locator64Size);
            var place = ReadInt64LittleEndian(locator.AsSpan(8));
            if (ReadUInt32LittleEndian(locator) != Locator64Signature || place < 0 || place > limit - Locator64Size - End64Size)
                throw Bad("the zip64 directory is missing");
            var end64 = Read(place, End64Size);
            if (ReadUInt32LittleEndian(end64) != End64Signature)
                throw Bad("the zip64 directory is missing");
            (count, size, start) = (ReadInt64LittleEndian(end64.AsSpan(32)), ReadInt64LittleEndian(end64.AsSpan(40)), ReadInt64LittleEndian(end64.AsSpan(48)));
            limit = place;
        }
        if (size is < 0 or > MaximumDirectory || start < 0 || start > limit - size)
            throw Bad($"the directory claims {size} bytes from {start} on; at most {MaximumDirectory} before {limit} are allowed");
        return (count, size, start);
    }

    // Sizes that do not fit 32 bits stand in an extra field, in this order, and only those.
    private void ReadZip64(Member member, ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            var length = ReadUInt16LittleEndian(extra[2..]);
            if (length > extra.Length - 4)
                break;
            if (ReadUInt16LittleEndian(extra) == 1)
            {
                var values = extra.Slice(4, length);
                member.Size = Next(member.Size, ref values);
                member.Packed = Next(member.Packed, ref values);
                member.Header = Next(member.Header, ref values);
            }
            extra = extra[(4 + length)..];
        }

        long Next(long value, ref ReadOnlySpan<byte> values)
        {
            if (value != uint.MaxValue)
                return value;
            if (values.Length < 8)
                throw Bad($"'{Shown.Name(member.Name)}' lacks its zip64 sizes");
            value = ReadInt64LittleEndian(values);
            values = values[8..];
            return value;
        }
    }

    private byte[] Read(long offset, int count)
    {
        if (offset < 0 || offset > _length - count)
            throw Bad($"{count} bytes expected at {offset}, where the zip file has none");
        var bytes = new byte[count];
        _stream.Position = _base + offset;
        _stream.ReadExactly(bytes);
        return bytes;
    }

    private string Decode(ReadOnlySpan<byte> name)
    {
        try
        {
            return StrictUtf8.GetString(name);
        }
        catch (DecoderFallbackException)
        {
            throw Bad("a member's name is not UTF-8");
        }
    }

    private InvalidDataException Bad(string what) => new($"{_source}: {what}.");

    private sealed class Member
    {
        public required string Name { get; init; }
        public required int Flags { get; init; }
        public required int Method { get; init; }
        public required uint Checksum { get; init; }
        public required long Packed { get; set; }
        public required long Size { get; set; }
        public required long Header { get; set; }
        public long Limit { get; set; }
    }
}
