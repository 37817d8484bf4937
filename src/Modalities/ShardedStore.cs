using System.Security.Cryptography;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>
/// The samples of a training that is cut into shards, of which this process holds those of its own. Positions are those of all samples, in every process the
/// same; what is asked of a sample that another process has throws.
/// </summary>
internal sealed class ShardedStore : ExampleStore
{
    /// <param name="local">The samples that are here, in their order; taken over.</param>
    /// <param name="shards">Where each sample is.</param>
    /// <exception cref="ArgumentException">More or fewer samples are here than there should be.</exception>
    public ShardedStore(ExampleStore local, SampleShards shards)
    {
        if (local.Count != shards.Here)
            throw new ArgumentException($"This process has {shards.Here} samples; found {local.Count}.", nameof(local));
        (Local, Shards, Count) = (local, shards, shards.Count);
    }

    /// <summary>The samples that are here.</summary>
    public ExampleStore Local { get; }

    /// <summary>Where each sample is.</summary>
    public SampleShards Shards { get; }

    /// <inheritdoc/>
    public override bool HasFeatures => Local.HasFeatures;

    /// <inheritdoc/>
    public override int MostRowsPerBatch => Local.MostRowsPerBatch;

    /// <summary>The samples of a store, and where they are: a null for the second where all are here and nothing is cut.</summary>
    public static (ExampleStore Local, SampleShards? Shards) Of(ExampleStore store) =>
        store is ShardedStore sharded ? (sharded.Local, sharded.Shards) : (store, null);

    /// <summary>Refused: the samples are complete.</summary>
    public override void Add(ExampleReader reader) => throw new NotSupportedException("Samples that are dealt out among processes take no further ones.");

    /// <inheritdoc/>
    public override void Clear() => throw new NotSupportedException("Samples that are dealt out among processes stay.");

    /// <inheritdoc/>
    public override int LengthOf(int position) => Local.LengthOf(Shards.Local(position));

    /// <inheritdoc/>
    public override Modality Complete(Modality modality, Modality? initial, SampleShards? shards = null) => Local.Complete(modality, initial, Shards);

    /// <inheritdoc/>
    public override long NumbersOf(int rows) => Local.NumbersOf(rows);

    /// <inheritdoc/>
    public override string RowName => Local.RowName;

    /// <inheritdoc/>
    public override long RowOf(int position) => Local.RowOf(Shards.Local(position));

    /// <inheritdoc/>
    public override ExampleStore Part(ReadOnlySpan<int> positions) => Local.Part(Here(positions));

    /// <inheritdoc/>
    public override void AppendTo(IncrementalHash hash, int position) => Local.AppendTo(hash, Shards.Local(position));

    /// <inheritdoc/>
    protected override ModalityBatch GatherExamples(ReadOnlySpan<int> positions) => Local.Gather(Here(positions));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => Local.Dispose();

    private int[] Here(ReadOnlySpan<int> positions)
    {
        var here = new int[positions.Length];
        for (var i = 0; i < here.Length; i++)
            here[i] = Shards.Local(positions[i]);
        return here;
    }
}
