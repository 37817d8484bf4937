using System.Security.Cryptography;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The examples of another store, with vectors that were computed of each, once. The examples are complete: none can be added or taken out.</summary>
internal abstract class ComputedStore : ExampleStore
{
    private readonly string _what;

    /// <param name="examples">Borrowed.</param>
    /// <param name="computed">Taken over; one vector of each example, in their order.</param>
    /// <param name="what">What the vectors are, for errors: a noun that a sentence can begin with.</param>
    /// <exception cref="ArgumentException">There are more or fewer vectors than examples.</exception>
    protected ComputedStore(ExampleStore examples, VectorStore computed, string what)
    {
        if (computed.Count != examples.Count)
            throw new ArgumentException($"{what}: there are {examples.Count} examples; found vectors of {computed.Count}.", nameof(computed));
        (Examples, Computed, Count, _what) = (examples, computed, computed.Count, what);
    }

    /// <inheritdoc/>
    public sealed override int MostRowsPerBatch => Examples.MostRowsPerBatch;

    /// <summary>The examples.</summary>
    protected ExampleStore Examples { get; }

    /// <summary>The vectors.</summary>
    protected VectorStore Computed { get; }

    /// <summary>Refused: the examples are complete.</summary>
    public sealed override void Add(ExampleReader reader) => throw new NotSupportedException($"{_what} take no further examples.");

    /// <summary>Refused, as <see cref="Add"/>.</summary>
    public sealed override void Clear() => throw StayTogether();

    /// <summary>Refused, as <see cref="Add"/>.</summary>
    public sealed override ExampleStore Part(ReadOnlySpan<int> positions) => throw StayTogether();

    /// <inheritdoc/>
    public sealed override Modality Complete(Modality modality, Modality? initial, SampleShards? shards = null) =>
        Examples.Complete(modality, initial, shards);

    /// <inheritdoc/>
    public sealed override long NumbersOf(int rows) => Computed.NumbersOf(rows);

    /// <inheritdoc/>
    public sealed override string RowName => Examples.RowName;

    /// <inheritdoc/>
    public sealed override long RowOf(int position) => Examples.RowOf(position);

    /// <inheritdoc/>
    public sealed override void AppendTo(IncrementalHash hash, int position) => Examples.AppendTo(hash, position);

    /// <inheritdoc/>
    protected sealed override void Dispose(bool disposing) => Computed.Dispose();

    private NotSupportedException StayTogether() => new($"{_what} stay with their examples.");
}
