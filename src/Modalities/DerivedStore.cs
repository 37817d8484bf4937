namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The examples of another store as vectors that were computed of each, once: batches hold these, and the encoder goes on from them.</summary>
/// <param name="examples">Borrowed.</param>
/// <param name="vectors">Taken over; one of each example, in their order.</param>
internal sealed class DerivedStore(ExampleStore examples, VectorStore vectors) : ComputedStore(examples, vectors, "The vectors of a training's examples")
{
    /// <inheritdoc/>
    public override int LengthOf(int position) => Examples.LengthOf(position);

    /// <inheritdoc/>
    protected override ModalityBatch GatherExamples(ReadOnlySpan<int> positions) => Computed.Gather(positions);
}
