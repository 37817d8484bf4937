using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers.Sharding;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// The rows of a data view, read once, or those of this process's shards: a store per modality, and which examples are matched pairs and which are unpaired.
/// Which those are does not change; holding pairs out makes another one of the same stores.
/// </summary>
internal sealed class TrainingData : IDisposable
{
    private readonly TrainingRowReader _read;
    private readonly bool _ownsStores;

    /// <summary>What a reader of rows found.</summary>
    public TrainingData(TrainingRowReader read)
    {
        (_read, _ownsStores, Sides, PairKeywords) = (read, true, read.Sides(), [.. read.Keywords]);
        (Rows, EmptyRows, Pairing) = (read.Rows, read.EmptyRows, read.DescribePairs());
    }

    private TrainingData(TrainingData same, Sides<TrainingSide> sides, IReadOnlyList<bool[]> pairKeywords)
    {
        (_read, Sides, PairKeywords) = (same._read, sides, pairKeywords);
        (Rows, EmptyRows, Pairing) = (same.Rows, same.EmptyRows, same.Pairing);
    }

    /// <summary>The samples of each modality.</summary>
    public Sides<TrainingSide> Sides { get; }

    /// <summary>The samples of modality A.</summary>
    public TrainingSide A => Sides.A;

    /// <summary>The samples of modality B.</summary>
    public TrainingSide B => Sides.B;

    /// <summary>Number of matched pairs.</summary>
    public int PairCount => Sides.A.Pairs.Count;

    /// <summary>Which keywords each pair holds, in the order of the pairs; empty without keywords.</summary>
    public IReadOnlyList<bool[]> PairKeywords { get; }

    /// <summary>Number of rows read.</summary>
    public long Rows { get; }

    /// <summary>Rows without either side.</summary>
    public long EmptyRows { get; }

    /// <summary>What makes a pair in these rows and what was found, for messages about pairs that lack.</summary>
    public string Pairing { get; }

    /// <summary>Reads a data view.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="options">Modalities and paired column.</param>
    /// <param name="checkCancelled">Called before each row; throws to stop.</param>
    /// <param name="rowName">What messages call a row.</param>
    /// <param name="trains">Whether the rows are trained on; keywords are read only then.</param>
    /// <param name="onRow">Told before each row and after the last how many are read.</param>
    /// <param name="sharding">How the rows are dealt out among processes; null for the options' shards, all in this one.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">
    /// A row cannot be used; the message names row, column and slot. Or another process has other rows.
    /// </exception>
    public static TrainingData Read(
        IDataView data, GentleClipOptions options, Action checkCancelled, string rowName = "Row", bool trains = true, Action<long>? onRow = null,
        BatchSharding? sharding = null)
    {
        var schema = data.Schema;
        var bindings = new Sides<Modality>(options.ModalityA!, options.ModalityB!).Select(modality => ModalityKinds.Bind(modality, schema));
        var paired = PairedColumn(schema, options.PairedColumnName);
        var keywords = trains && options.Objectives.Needs.Keywords is { } given
            ? KeywordBatch.Bind(given, schema, bindings.A, bindings.B) : default(DataViewSchema.Column?);
        var reader = new TrainingRowReader(bindings, paired, keywords, rowName, sharding ?? BatchSharding.Of(options).Alone);
        try
        {
            reader.Read(data, checkCancelled, onRow);
            return new TrainingData(reader);
        }
        catch
        {
            reader.DisposeStores();
            throw;
        }
    }

    /// <summary>Takes pairs out of the training, to validate on.</summary>
    /// <param name="pairs">Positions among the pairs.</param>
    /// <returns>The rest, whose stores stay this one's; and the positions in each store of the pairs taken out, in the order given.</returns>
    public (TrainingData Train, Sides<int[]> HeldOut) HoldOut(IReadOnlyCollection<int> pairs)
    {
        var isHeldOut = new bool[PairCount];
        foreach (var pair in pairs)
            isHeldOut[pair] = true;
        var rest = Sides.Select(side => side with { Pairs = Kept(side.Pairs) });
        return (
            new TrainingData(this, rest, PairKeywords.Count == 0 ? [] : Kept(PairKeywords)),
            Sides.Select<int[]>(side => [.. pairs.Select(pair => side.Pairs[pair])]));

        IReadOnlyList<T> Kept<T>(IReadOnlyList<T> ofPairs) => [.. ofPairs.Where((_, pair) => !isHeldOut[pair])];
    }

    /// <summary>The same rows in other stores, which stay their maker's.</summary>
    public TrainingData With(Func<ExampleStore, ExampleStore> change) =>
        new(this, Sides.Select(side => side with { Store = change(side.Store) }), PairKeywords);

    /// <summary>What looks like a default value where a side is in fact absent, in words.</summary>
    /// <param name="what">What messages call the data, empty or ending in a blank.</param>
    public IEnumerable<string> FindDefaultValues(string what = "") => _read.FindDefaultValues(what);

    /// <summary>Frees the stores, unless they are another's.</summary>
    public void Dispose()
    {
        if (!_ownsStores)
            return;
        A.Store.Dispose();
        B.Store.Dispose();
    }

    private static DataViewSchema.Column? PairedColumn(DataViewSchema schema, string? name)
    {
        if (name is null)
            return null;
        var column = schema.GetColumnOrNull(name) ?? throw SchemaErrors.Missing("paired", name, schema);
        return column.Type == BooleanDataViewType.Instance
            ? column
            : throw SchemaErrors.Mismatch("paired", name, "Boolean", column.Type.ToString()!);
    }
}
