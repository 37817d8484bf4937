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

    private readonly GZipStream _gzip = new(file, CompressionMode.Decompress, leaveOpen: true);
    private long _count;
    private bool _isChecked;

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
        Span<byte> trailer = stackalloc byte[TrailerLength];
        file.Position = Math.Max(0, file.Length - TrailerLength);
        if (file.ReadAtLeast(trailer, TrailerLength, throwOnEndOfStream: false) == TrailerLength)
        {
            var sum = BinaryPrimitives.ReadUInt32LittleEndian(trailer);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]);
            // The length is that of the last member; files of several (bgzip writes them) need a second look at its content.
            if (length == (uint)_count || (length < _count && Sum(_count - length) == sum))
                return;
        }
        throw new InvalidDataException("The file was cut off.");
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
            foreach (var value in buffer.AsSpan((int)Math.Min(skip, read)..read))
            {
                sum ^= value;
                for (var bit = 0; bit < 8; bit++)
                    sum = (sum >> 1) ^ (0xEDB88320u & (0u - (sum & 1)));
            }
            skip = Math.Max(0, skip - read);
        }
        return ~sum;
    }
}
