using System.Security.Cryptography;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The examples of another store as vectors that were computed of each, once: batches hold these.</summary>
internal sealed class DerivedStore : ExampleStore
{
    private readonly ExampleStore _examples;
    private readonly VectorStore _vectors;

    /// <param name="examples">Borrowed.</param>
    /// <param name="vectors">Taken over; one of each example, in their order.</param>
    /// <exception cref="ArgumentException">There are more or fewer vectors than examples.</exception>
    public DerivedStore(ExampleStore examples, VectorStore vectors)
    {
        if (vectors.Count != examples.Count)
            throw new ArgumentException($"There are {examples.Count} examples; found vectors of {vectors.Count}.", nameof(vectors));
        (_examples, _vectors, Count) = (examples, vectors, vectors.Count);
    }

    /// <summary>Refused: the examples are complete.</summary>
    public override void Add(ExampleReader reader) => throw new NotSupportedException("What was computed of a training's examples takes no further ones.");

    /// <inheritdoc/>
    public override void Clear() => throw new NotSupportedException("What was computed of a training's examples stays with them.");

    /// <inheritdoc/>
    public override int LengthOf(int position) => _examples.LengthOf(position);

    /// <inheritdoc/>
    public override int MostRowsPerBatch => _examples.MostRowsPerBatch;

    /// <inheritdoc/>
    public override long NumbersOf(int rows) => _vectors.NumbersOf(rows);

    /// <inheritdoc/>
    public override long RowOf(int position) => _examples.RowOf(position);

    /// <inheritdoc/>
    public override Modality Complete(Modality modality, Modality? initial, SampleShards? shards = null) => _examples.Complete(modality, initial, shards);

    /// <inheritdoc/>
    public override void AppendTo(IncrementalHash hash, int position) => _examples.AppendTo(hash, position);

    /// <summary>Refused, as <see cref="Clear"/>.</summary>
    public override ExampleStore Part(ReadOnlySpan<int> positions) =>
        throw new NotSupportedException("What was computed of a training's examples stays with them.");

    /// <inheritdoc/>
    protected override ModalityBatch GatherExamples(ReadOnlySpan<int> positions) => _vectors.Gather(positions);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _vectors.Dispose();
}
