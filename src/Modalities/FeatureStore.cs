using System.Security.Cryptography;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The examples of another store, and what a frozen encoder made of them: batches hold the latter, one row each, in the examples' order.</summary>
internal sealed class FeatureStore : ExampleStore
{
    private readonly ExampleStore _examples;
    private readonly VectorStore _features;

    /// <param name="examples">Borrowed.</param>
    /// <param name="features">Taken over.</param>
    /// <exception cref="ArgumentException">There are more or fewer features than examples.</exception>
    public FeatureStore(ExampleStore examples, VectorStore features)
    {
        if (features.Count != examples.Count)
            throw new ArgumentException($"There are {examples.Count} examples; found features of {features.Count}.", nameof(features));
        (_examples, _features, Count) = (examples, features, features.Count);
    }

    /// <inheritdoc/>
    public override bool HasFeatures => true;

    /// <summary>Feature vectors: the examples themselves where they are some, else what the encoder made of them.</summary>
    public VectorStore Vectors => _examples as VectorStore ?? _features;

    /// <inheritdoc/>
    public override int MostRowsPerBatch => _examples.MostRowsPerBatch;

    /// <summary>Refused: the examples are complete.</summary>
    public override void Add(ExampleReader reader) => throw new NotSupportedException("The features of a frozen encoder take no further examples.");

    /// <inheritdoc/>
    public override void Clear() => throw new NotSupportedException("The features of a frozen encoder stay with their examples.");

    /// <inheritdoc/>
    public override Modality Complete(Modality modality, Modality? initial, SampleShards? shards = null) =>
        _examples.Complete(modality, initial, shards);

    /// <inheritdoc/>
    public override long NumbersOf(int rows) => _features.NumbersOf(rows);

    /// <inheritdoc/>
    public override long RowOf(int position) => _examples.RowOf(position);

    /// <inheritdoc/>
    public override void AppendTo(IncrementalHash hash, int position) => _examples.AppendTo(hash, position);

    /// <summary>Refused, as <see cref="Clear"/>.</summary>
    public override ExampleStore Part(ReadOnlySpan<int> positions) =>
        throw new NotSupportedException("The features of a frozen encoder stay with their examples.");

    /// <inheritdoc/>
    protected override ModalityBatch GatherExamples(ReadOnlySpan<int> positions) =>
        new FeatureBatch(_features.Gather(positions).Vectors, _examples is VectorStore ? _examples.Gather(positions).Vectors : null);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _features.Dispose();
}
