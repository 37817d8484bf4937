using System.Buffers;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// Lines of a text file as bytes, without copies and with bounded memory. LF, CR LF and CR end a line; a UTF-8 byte order mark is left out.
/// </summary>
internal sealed class LineReader : IDisposable
{
    private const int BlockSize = 1 << 16;

    private readonly Stream _stream;
    private readonly int _maximumLineLength;
    private readonly long _maximumSize;
    private readonly CancellationToken _cancellationToken;
    private readonly bool _allowsZeros;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
    private int _start;
    private int _end;
    private long _size;
    private bool _ended;
    private bool _begun;
    private bool _afterCarriageReturn;

    /// <summary>Takes over the stream.</summary>
    /// <param name="stream">The text, already decompressed.</param>
    /// <param name="name">File name for error messages.</param>
    /// <param name="maximumLineLength">Bytes in a line; a longer line is an error.</param>
    /// <param name="maximumSize">Bytes in the file; a longer file is an error.</param>
    /// <param name="allowsZeros">Whether zero bytes are the caller's business; otherwise they are an error, since no text holds one.</param>
    /// <param name="cancellationToken">Looked at once a block.</param>
    public LineReader(
        Stream stream,
        string name,
        int maximumLineLength = 1 << 20,
        long maximumSize = 1L << 30,
        bool allowsZeros = false,
        CancellationToken cancellationToken = default)
    {
        (_stream, Name, _maximumLineLength, _maximumSize) = (stream, name, maximumLineLength, maximumSize);
        (_allowsZeros, _cancellationToken) = (allowsZeros, cancellationToken);
    }

    /// <summary>File name for error messages.</summary>
    public string Name { get; }

    /// <summary>One-based number of the line read last.</summary>
    public long LineNumber { get; private set; }

    /// <summary>Whether bytes that are no gzip data stand behind the end of a packed file; known at the end.</summary>
    public bool HasBytesBehind => _stream is GzipContent { HasBytesBehind: true };

    /// <summary>The next line, valid until the next call.</summary>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        if (!_begun)
            Begin();
        var scanned = 0;
        while (true)
        {
            if (_afterCarriageReturn && _start < _end)
            {
                _start += _buffer[_start] == '\n' ? 1 : 0;
                _afterCarriageReturn = false;
            }
            var window = _buffer.AsSpan(_start, _end - _start);
            var length = window[scanned..].IndexOfAny((byte)'\n', (byte)'\r');
            if (length < 0 && !_ended)
            {
                scanned = window.Length;
                if (scanned > _maximumLineLength)
                    LineNumber++;
                CheckLength(scanned);
                Fill();
                continue;
            }
            var found = length >= 0;
            line = found ? window[..(scanned + length)] : window;
            if (!found && line.IsEmpty)
                return false;
            _afterCarriageReturn = found && window[line.Length] == '\r';
            _start += line.Length + (found ? 1 : 0);
            LineNumber++;
            CheckLength(line.Length);
            if (!_allowsZeros && line.Contains((byte)0))
                throw Error("expected text, found binary data");
            return true;
        }
    }

    /// <summary>The first bytes of the file, up to a block, without moving on.</summary>
    public ReadOnlySpan<byte> Peek()
    {
        if (!_begun)
            Begin();
        return _buffer.AsSpan(_start, _end - _start);
    }

    /// <summary>The error of the line read last.</summary>
    public InvalidDataException Error(string reason, Exception? cause = null) => ErrorAt(LineNumber, reason, cause);

    /// <summary>The error of a line; 0 stands for the file as a whole.</summary>
    public InvalidDataException ErrorAt(long line, string reason, Exception? cause = null) =>
        new(line > 0 ? FormattableString.Invariant($"{Name}, line {line}: {reason}.") : $"{Name}: {reason}.", cause);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        (_start, _end, _ended) = (0, 0, true);
        _stream.Dispose();
    }

    private void Begin()
    {
        _begun = true;
        while (!_ended && _end < BlockSize / 2) // a stream may give less than asked for
            Fill();
        var first = _buffer.AsSpan(0, _end);
        if (first.StartsWith("\uFEFF"u8))
            _start = 3;
        else if (first is [0xFE, 0xFF, ..] or [0xFF, 0xFE, ..])
            throw ErrorAt(0, "expected UTF-8 or ASCII text, found UTF-16");
    }

    // Keeps what is not read yet and adds to it; spans given out before are void.
    private void Fill()
    {
        _cancellationToken.ThrowIfCancellationRequested();
        var kept = _end - _start;
        if (kept == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(_start, kept).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(_start, kept).CopyTo(_buffer);
        }
        (_start, _end) = (0, kept);
        int read;
        try
        {
            read = _stream.Read(_buffer, kept, _buffer.Length - kept);
        }
        catch (InvalidDataException problem) // the decompressor's
        {
            throw ErrorAt(LineNumber + 1, "the gzip data is damaged or cut off", problem);
        }
        _ended = read == 0;
        _end += read;
        _size += read;
        if (_size > _maximumSize)
            throw Error(FormattableString.Invariant($"the file is larger than the {_maximumSize} bytes that are allowed"));
    }

    private void CheckLength(int length)
    {
        if (length > _maximumLineLength)
            throw Error(FormattableString.Invariant($"the line is longer than the {_maximumLineLength} bytes that are allowed"));
    }
}
