using System.IO.Hashing;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>Where bytes lie in a stream, and the checksum that the file promises for them.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Offset">In the stream.</param>
/// <param name="Length">Number of bytes.</param>
/// <param name="Checksum">Null where the format has none.</param>
internal sealed record StoredRange(string Name, long Offset, long Length, uint? Checksum);

/// <summary>Reads one range of a stream from front to back and tells at its end whether the checksum was right.</summary>
internal sealed class StoredBytes : Stream
{
    private readonly Stream _stream;
    private readonly StoredRange _range;
    private readonly string _source;
    private readonly Crc32 _crc = new();
    private long _position;

    /// <summary>Moves the stream, which must not be moved by others in between, to the range.</summary>
    public StoredBytes(Stream stream, StoredRange range, string source)
    {
        (_stream, _range, _source) = (stream, range, source);
        stream.Position = range.Offset;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => _range.Length;

    /// <inheritdoc/>
    public override long Position { get => _position; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        var read = _stream.Read(buffer[..(int)Math.Min(buffer.Length, _range.Length - _position)]);
        if (_range.Checksum is not null)
            _crc.Append(buffer[..read]);
        _position += read;
        return read;
    }

    /// <summary>Reads on to a position, or to the end, for the sake of the checksum.</summary>
    public void SkipTo(long position)
    {
        if (_range.Checksum is null)
        {
            _stream.Position += position - _position;
            _position = position;
            return;
        }
        var buffer = new byte[(int)Math.Min(1 << 16, position - _position)];
        while (_position < position)
            if (Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, position - _position))) == 0)
                throw new EndOfStreamException();
    }

    /// <summary>Reads what is left and compares.</summary>
    /// <exception cref="InvalidDataException">Another checksum than promised.</exception>
    public void Verify()
    {
        SkipTo(_range.Length);
        if (_range.Checksum is { } expected && expected != _crc.GetCurrentHashAsUInt32())
            throw new InvalidDataException($"{_source}: '{_range.Name}' is damaged: checksum {expected:x8} expected, found {_crc.GetCurrentHashAsUInt32():x8}. "
                + "(A file that was written without checksums has to be saved again with them.)");
    }

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
