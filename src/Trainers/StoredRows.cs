using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Modalities;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Some of the feature vectors of a store: those that were seen to be finite when they were read, or the features of a frozen encoder.</summary>
internal sealed class StoredRows : SparseRows
{
    // Above that a product of dense blocks is faster.
    private const double LargestSparseShare = 0.1;

    private readonly VectorStore _store;
    private readonly int[] _positions;

    /// <param name="store">Borrowed.</param>
    /// <param name="positions">Of the rows, in their order.</param>
    /// <param name="device">Where blocks and results shall be.</param>
    /// <exception cref="InvalidOperationException">The store holds no feature vectors.</exception>
    public StoredRows(ExampleStore store, int[] positions, Device device)
    {
        _store = store as VectorStore ?? (store as FeatureStore)?.Vectors
            ?? throw new InvalidOperationException($"Expected feature vectors, found a {store.GetType().Name} without features.");
        (_positions, Device) = (positions, device);
        var stored = positions.Sum(position => (double)_store.Stored(position, out _).Length);
        IsSparse = device.type == DeviceType.CPU && stored <= LargestSparseShare * positions.Length * _store.Dimension;
    }

    /// <inheritdoc/>
    public override long Count => _positions.Length;

    /// <inheritdoc/>
    public override long Dimension => _store.Dimension;

    /// <inheritdoc/>
    public override Device Device { get; }

    /// <inheritdoc/>
    public override Tensor Block(long start, long length) => _store.Gather(_positions.AsSpan((int)start, (int)length)).To(Device).Vectors;

    /// <inheritdoc/>
    public override RowSource Pick(long[] numbers) => new StoredRows(_store, Array.ConvertAll(numbers, number => _positions[number]), Device);

    /// <inheritdoc/>
    protected override bool IsSparse { get; }

    /// <inheritdoc/>
    protected override StoredNumbers Stored(long row)
    {
        var values = _store.Stored(_positions[row], out var slots);
        return new StoredNumbers(values, slots);
    }
}
