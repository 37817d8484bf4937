namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The examples of another store, and what a frozen encoder made of them: batches hold the latter, one row each, in the examples' order.</summary>
/// <param name="examples">Borrowed.</param>
/// <param name="features">Taken over.</param>
internal sealed class FeatureStore(ExampleStore examples, VectorStore features) : ComputedStore(examples, features, "The features of a frozen encoder")
{
    /// <inheritdoc/>
    public override bool HasFeatures => true;

    /// <summary>Feature vectors: the examples themselves where they are some, else what the encoder made of them.</summary>
    public VectorStore Vectors => Examples as VectorStore ?? Computed;

    /// <inheritdoc/>
    protected override ModalityBatch GatherExamples(ReadOnlySpan<int> positions) =>
        new FeatureBatch(Computed.Gather(positions).Vectors, Examples is VectorStore ? Examples.Gather(positions).Vectors : null);
}
