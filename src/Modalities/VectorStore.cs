using System.Runtime.InteropServices;
using System.Security.Cryptography;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Feature vectors in chunks of native memory, so that growing never copies and the managed heap stays small.</summary>
internal sealed unsafe class VectorStore(int dimension) : ExampleStore
{
    private const int ChunkBytes = 1 << 20;

    private readonly int _rowsPerChunk = Math.Max(1, ChunkBytes / (sizeof(float) * dimension));
    private readonly List<nint> _chunks = [];

    /// <inheritdoc/>
    public override void Add(ExampleReader reader)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Reserve();
        ((FeatureReader)reader).Values.CopyTo(Row(Count));
        Count++;
    }

    /// <inheritdoc/>
    public override void AppendTo(IncrementalHash hash, int position) => Append(hash, MemoryMarshal.AsBytes(Row(Checked(position))));

    /// <summary>Appends rows of zeros, to be written through <see cref="Row"/>.</summary>
    public void Extend(int rows)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        for (var i = 0; i < rows; i++)
        {
            Reserve();
            Row(Count++).Clear();
        }
    }

    /// <summary>The features of an example.</summary>
    public Span<float> Row(int index) =>
        new((float*)_chunks[index / _rowsPerChunk] + (long)(index % _rowsPerChunk) * dimension, dimension);

    /// <inheritdoc/>
    protected override ModalityBatch GatherExamples(ReadOnlySpan<int> positions, Device device)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var batch = empty(positions.Length, dimension, dtype: ScalarType.Float32);
        var target = MemoryMarshal.Cast<byte, float>(batch.bytes);
        for (var i = 0; i < positions.Length; i++)
            Row(Checked(positions[i])).CopyTo(target[(i * dimension)..]);
        return new VectorBatch(device.type == DeviceType.CPU ? batch : batch.to(device, disposeAfter: true));
    }

    /// <summary>Mean and standard deviation (over n) of every feature in float64; 0 rows give 0 and 1.</summary>
    public (double[] Mean, double[] StandardDeviation) Moments()
    {
        var mean = new double[dimension];
        var squares = new double[dimension];
        // Welford's update: one pass, no cancellation for features far from 0.
        for (var row = 0; row < Count; row++)
        {
            var values = Row(row);
            for (var i = 0; i < dimension; i++)
            {
                var delta = values[i] - mean[i];
                mean[i] += delta / (row + 1);
                squares[i] += delta * (values[i] - mean[i]);
            }
        }
        for (var i = 0; i < dimension; i++)
            squares[i] = Count == 0 ? 1 : Math.Sqrt(squares[i] / Count);
        return (mean, squares);
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

    private bool _disposed;

    private void Reserve()
    {
        if (Count == _chunks.Count * _rowsPerChunk)
            _chunks.Add((nint)NativeMemory.Alloc((nuint)_rowsPerChunk * (nuint)dimension, sizeof(float)));
    }
}
