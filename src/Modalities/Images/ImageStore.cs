using System.Runtime.InteropServices;
using System.Security.Cryptography;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Pictures as squares of bytes in native memory: decoded and scaled once, varied anew in every batch.</summary>
/// <param name="side">Of a square, in pixels.</param>
internal sealed unsafe class ImageStore(int side) : ExampleStore
{
    private const int ChunkBytes = 1 << 20, PatchArea = 16 * 16;

    private readonly int _length = ImageResizer.Channels * side * side;
    private readonly int _rowsPerChunk = Math.Max(1, ChunkBytes / (ImageResizer.Channels * side * side));
    private readonly List<nint> _chunks = [];
    private bool _disposed;

    /// <summary>The square at a position; valid until the store is disposed.</summary>
    public ReadOnlySpan<byte> this[int position] => Square(Checked(position));

    /// <inheritdoc/>
    public override void Add(ExampleReader reader)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Append(((PictureReader)reader).Square);
    }

    /// <inheritdoc/>
    public override void AppendTo(IncrementalHash hash, int position) => Append(hash, Square(Checked(position)));

    /// <summary>As many units as a vision transformer has patches, so that a pass takes about as much memory as with other modalities.</summary>
    public override int LengthOf(int position) => Math.Max(1, side * side / PatchArea);

    /// <inheritdoc/>
    public override int? EqualLength => LengthOf(0);

    /// <inheritdoc/>
    public override ExampleStore Part(ReadOnlySpan<int> positions)
    {
        var part = new ImageStore(side);
        foreach (var position in positions)
            part.Append(this[position]);
        return part;
    }

    /// <inheritdoc/>
    protected override ModalityBatch GatherExamples(ReadOnlySpan<int> positions)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var batch = empty(positions.Length, ImageResizer.Channels, side, side, dtype: ScalarType.Byte);
        var target = batch.bytes;
        for (var i = 0; i < positions.Length; i++)
            Square(Checked(positions[i])).CopyTo(target[(i * _length)..]);
        return new ImageBatch(batch);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var chunk in _chunks)
            NativeMemory.Free((void*)chunk);
        _chunks.Clear();
        Count = 0;
        _disposed = true;
    }

    private void Append(ReadOnlySpan<byte> square)
    {
        if (Count == _chunks.Count * _rowsPerChunk)
            _chunks.Add((nint)NativeMemory.Alloc((nuint)_rowsPerChunk * (nuint)_length));
        square.CopyTo(Square(Count));
        Count++;
    }

    private Span<byte> Square(int index) => new((byte*)_chunks[index / _rowsPerChunk] + (long)(index % _rowsPerChunk) * _length, _length);
}
