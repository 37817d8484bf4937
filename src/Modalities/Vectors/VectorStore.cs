using System.Runtime.InteropServices;
using System.Security.Cryptography;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>
/// Feature vectors in chunks of native memory, so that growing never copies and the managed heap stays small. A vector that comes sparse is kept so,
/// as its numbers and their slots, where that takes less room; batches are dense.
/// </summary>
internal sealed unsafe class VectorStore(int dimension) : ExampleStore
{
    private const int ChunkBytes = 1 << 20, BatchElements = 1 << 24, EverySlot = -1;

    private readonly List<(nint Start, long Length)> _chunks = [];
    private readonly List<(nint Start, int Stored)> _rows = [];
    private float[]? _scratch;
    private int _chunk = -1;
    private long _used;
    private bool _disposed;

    /// <summary>Length of a vector.</summary>
    public int Dimension => dimension;

    /// <summary>As many as take 64 megabytes when they are dense.</summary>
    public override int MostRowsPerBatch => Math.Max(1, BatchElements / dimension);

    /// <inheritdoc/>
    public override long NumbersOf(int rows) => (long)rows * dimension;

    /// <inheritdoc/>
    public override void Add(ExampleReader reader)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var features = (FeatureReader)reader;
        // Four bytes of a number and four of its slot.
        if (features.IsSparse && 2L * features.Slots.Length <= dimension)
            AddSparse(features.Slots, features.Stored);
        else
            features.Values.CopyTo(AddDense());
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        _rows.Clear();
        (_chunk, _used) = (-1, 0);
    }

    /// <inheritdoc/>
    public override void AppendTo(IncrementalHash hash, int position) => Append(hash, MemoryMarshal.AsBytes(Dense(Checked(position))));

    /// <summary>Appends rows of zeros, to be written through <see cref="Row"/>.</summary>
    public void Extend(int rows)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        for (var i = 0; i < rows; i++)
            AddDense().Clear();
    }

    /// <summary>The features of an example that is kept dense.</summary>
    public Span<float> Row(int index) => _rows[index].Stored == EverySlot
        ? new((float*)_rows[index].Start, dimension)
        : throw new InvalidOperationException($"Example {index} is kept sparse.");

    /// <summary>The numbers of an example that are kept, and their slots, ascending; no slots where all are kept.</summary>
    public ReadOnlySpan<float> Stored(int index, out ReadOnlySpan<int> slots)
    {
        var (start, stored) = _rows[index];
        slots = stored == EverySlot ? default : new((int*)start, stored);
        return stored == EverySlot ? new((float*)start, dimension) : new((float*)start + stored, stored);
    }

    /// <summary>Mean and standard deviation (over n) of every feature in float64; 0 rows give 0 and 1.</summary>
    public (double[] Mean, double[] StandardDeviation) Moments()
    {
        var (mean, squares) = Moments(Enumerable.Range(0, Count));
        for (var i = 0; i < dimension; i++)
            squares[i] = Count == 0 ? 1 : Math.Sqrt(squares[i] / Count);
        return (mean, squares);
    }

    /// <summary>Mean of every feature of some rows, and the sum of the squared deviations from it, in float64.</summary>
    public (double[] Mean, double[] Squares) Moments(IEnumerable<int> rows)
    {
        var mean = new double[dimension];
        var squares = new double[dimension];
        // Welford's update: one pass, no cancellation for features far from 0.
        var count = 0;
        foreach (var row in rows)
        {
            count++;
            var values = Dense(row);
            for (var i = 0; i < dimension; i++)
            {
                var delta = values[i] - mean[i];
                mean[i] += delta / count;
                squares[i] += delta * (values[i] - mean[i]);
            }
        }
        return (mean, squares);
    }

    /// <inheritdoc/>
    public override ExampleStore Part(ReadOnlySpan<int> positions)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var part = new VectorStore(dimension);
        foreach (var position in positions)
            CopyTo(Checked(position), part.AddDense());
        return part;
    }

    /// <inheritdoc/>
    protected override ModalityBatch GatherExamples(ReadOnlySpan<int> positions)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var batch = empty(positions.Length, dimension, dtype: ScalarType.Float32);
        // A part at a time: a span cannot hold more than two gigabytes.
        for (var start = 0; start < positions.Length; start += MostRowsPerBatch)
        {
            var length = Math.Min(MostRowsPerBatch, positions.Length - start);
            using var part = batch.narrow(0, start, length);
            var target = MemoryMarshal.Cast<byte, float>(part.bytes);
            for (var i = 0; i < length; i++)
                CopyTo(Checked(positions[start + i]), target.Slice(i * dimension, dimension));
        }
        return new VectorBatch(batch);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var (start, _) in _chunks)
            NativeMemory.Free((void*)start);
        _chunks.Clear();
        _rows.Clear();
        Count = 0;
        _disposed = true;
    }

    /// <summary>Writes all slots of an example.</summary>
    public void CopyTo(int index, Span<float> target)
    {
        var values = Stored(index, out var slots);
        if (_rows[index].Stored == EverySlot)
        {
            values.CopyTo(target);
            return;
        }
        target.Clear();
        for (var i = 0; i < slots.Length; i++)
            target[slots[i]] = values[i];
    }

    // Valid until the next call.
    private ReadOnlySpan<float> Dense(int index)
    {
        if (_rows[index].Stored == EverySlot)
            return Row(index);
        CopyTo(index, _scratch ??= new float[dimension]);
        return _scratch;
    }

    private Span<float> AddDense()
    {
        var length = sizeof(float) * (long)dimension;
        _rows.Add((Reserve(length, Math.Max(1, ChunkBytes / length) * length), EverySlot));
        return Row(Count++);
    }

    private void AddSparse(ReadOnlySpan<int> slots, ReadOnlySpan<float> values)
    {
        var length = 2L * sizeof(float) * slots.Length;
        var start = Reserve(length, Math.Max(ChunkBytes, length));
        slots.CopyTo(new((int*)start, slots.Length));
        values.CopyTo(new((float*)start + slots.Length, slots.Length));
        _rows.Add((start, slots.Length));
        Count++;
    }

    private nint Reserve(long bytes, long chunk)
    {
        // Chunks of before Clear are used again.
        while (_chunk < 0 || _used + bytes > _chunks[_chunk].Length)
        {
            (_chunk, _used) = (_chunk + 1, 0);
            if (_chunk == _chunks.Count)
                _chunks.Add(((nint)NativeMemory.Alloc((nuint)chunk), chunk));
        }
        var start = _chunks[_chunk].Start + (nint)_used;
        _used += bytes;
        return start;
    }
}
