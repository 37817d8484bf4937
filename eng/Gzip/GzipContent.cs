using System.Buffers.Binary;
using System.IO.Compression;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// What a gzip file holds. <see cref="GZipStream"/> ends without a word where a file was cut off; this stream compares with the length
/// that the file gives at its end.
/// </summary>
internal sealed class GzipContent(Stream file) : Stream
{
    private const int TrailerLength = 8;

    // The member without content with which bgzip ends its files.
    private static readonly byte[] EmptyBlock = [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 6, 0, 0x42, 0x43, 2, 0, 0x1B, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private readonly GZipStream _gzip = new(file, CompressionMode.Decompress, leaveOpen: true);
    private long _count;
    private long _memberEnd;
    private bool _isChecked;

    /// <summary>Whether the file goes on behind its gzip data; known at the end.</summary>
    public bool HasBytesBehind { get; private set; }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => _count;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        var read = _gzip.Read(buffer);
        _count += read;
        if (read == 0 && !buffer.IsEmpty && !_isChecked)
        {
            _isChecked = true;
            CheckEnd();
        }
        return read;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _gzip.Dispose();
            file.Dispose();
        }
        base.Dispose(disposing);
    }

    private void CheckEnd()
    {
        Span<byte> end = stackalloc byte[EmptyBlock.Length];
        file.Position = Math.Max(0, file.Length - end.Length);
        var trailer = end[..file.ReadAtLeast(end, end.Length, throwOnEndOfStream: false)];
        if (trailer.SequenceEqual(EmptyBlock))
            return;
        if (trailer.Length >= TrailerLength)
        {
            var sum = BinaryPrimitives.ReadUInt32LittleEndian(trailer[^TrailerLength..]);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(trailer[^(TrailerLength / 2)..]);
            // The length is that of the last member; files of several need a second look at its content.
            if (length == (uint)_count || (length > 0 && length < _count && Sum(_count - length) == sum))
                return;
        }
        CheckMembers();
    }

    // CRC-32 of what follows the first bytes.
    private uint Sum(long skip)
    {
        file.Position = 0;
        using var gzip = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
        var buffer = new byte[1 << 14];
        var sum = ~0u;
        while (gzip.Read(buffer) is var read and > 0)
        {
            sum = Crc32.Append(sum, buffer.AsSpan((int)Math.Min(skip, read)..read));
            skip = Math.Max(0, skip - read);
        }
        return ~sum;
    }

    // Walks over the members byte by byte, so that it is known where each ends. Behind the last, anything may stand: tapes and object
    // stores pad files, and gzip itself passes over what is no member.
    private void CheckMembers()
    {
        file.Position = 0;
        long count = 0;
        var bytes = new ByteByByte(file);
        Span<byte> trailer = stackalloc byte[TrailerLength];
        while (GzipHeader.TrySkip(file))
        {
            using var member = new DeflateStream(bytes, CompressionMode.Decompress, leaveOpen: true);
            var (length, sum) = (0L, ~0u);
            var buffer = new byte[1 << 14];
            while (member.Read(buffer) is var read and > 0)
            {
                length += read;
                sum = Crc32.Append(sum, buffer.AsSpan(0, read));
            }
            if (file.ReadAtLeast(trailer, TrailerLength, throwOnEndOfStream: false) < TrailerLength
                || BinaryPrimitives.ReadUInt32LittleEndian(trailer) != ~sum
                || BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]) != (uint)length)
                throw new InvalidDataException("The file was cut off.");
            count += length;
            _memberEnd = file.Position;
        }
        if (_memberEnd == 0 || count != _count)
            throw new InvalidDataException("The file was cut off.");
        HasBytesBehind = _memberEnd < file.Length;
    }

    // Hands out a byte at a time, so that the decompressor does not read beyond its end.
    private sealed class ByteByByte(Stream file) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => file.Read(buffer, offset, Math.Min(1, count));

        public override int Read(Span<byte> buffer) => file.Read(buffer[..Math.Min(1, buffer.Length)]);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
