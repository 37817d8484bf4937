using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// The rows of a data view, read once: a store per modality, and which examples are matched pairs and which are unpaired. Which those are does not change;
/// holding pairs out makes another one of the same stores.
/// </summary>
internal sealed class TrainingData : IDisposable
{
    private readonly TrainingRowReader _read;
    private readonly bool _ownsStores;

    /// <summary>What a reader of rows found.</summary>
    public TrainingData(TrainingRowReader read)
    {
        (_read, _ownsStores, BindingA, BindingB, A, B) = (read, true, read.BindingA, read.BindingB, read.A, read.B);
        (PairsA, PairsB, PairKeywords) = ([.. read.PairsA], [.. read.PairsB], [.. read.Keywords]);
        (UnpairedA, UnpairedB) = ([.. read.UnpairedA], [.. read.UnpairedB]);
        (Rows, EmptyRows, Pairing) = (read.Rows, read.EmptyRows, read.DescribePairs());
    }

    private TrainingData(TrainingData same, ExampleStore a, ExampleStore b)
    {
        (_read, BindingA, BindingB, A, B) = (same._read, same.BindingA, same.BindingB, a, b);
        (PairsA, PairsB, PairKeywords, UnpairedA, UnpairedB) = (same.PairsA, same.PairsB, same.PairKeywords, same.UnpairedA, same.UnpairedB);
        (Rows, EmptyRows, Pairing) = (same.Rows, same.EmptyRows, same.Pairing);
    }

    private TrainingData(TrainingData all, bool[] isHeldOut)
    {
        (_read, BindingA, BindingB, A, B) = (all._read, all.BindingA, all.BindingB, all.A, all.B);
        (UnpairedA, UnpairedB, Rows, EmptyRows, Pairing) = (all.UnpairedA, all.UnpairedB, all.Rows, all.EmptyRows, all.Pairing);
        (PairsA, PairsB, PairKeywords) = (Kept(all.PairsA), Kept(all.PairsB), all.PairKeywords.Count == 0 ? [] : Kept(all.PairKeywords));

        IReadOnlyList<T> Kept<T>(IReadOnlyList<T> ofPairs) => [.. ofPairs.Where((_, pair) => !isHeldOut[pair])];
    }

    /// <summary>How modality A is read.</summary>
    public ModalityBinding BindingA { get; }

    /// <summary>How modality B is read.</summary>
    public ModalityBinding BindingB { get; }

    /// <summary>All samples of modality A.</summary>
    public ExampleStore A { get; }

    /// <summary>All samples of modality B.</summary>
    public ExampleStore B { get; }

    /// <summary>Positions in <see cref="A"/> of the pairs' first halves.</summary>
    public IReadOnlyList<int> PairsA { get; }

    /// <summary>Positions in <see cref="B"/> of the pairs' second halves, in the order of <see cref="PairsA"/>.</summary>
    public IReadOnlyList<int> PairsB { get; }

    /// <summary>Positions in <see cref="A"/> of the unpaired samples.</summary>
    public IReadOnlyList<int> UnpairedA { get; }

    /// <summary>Positions in <see cref="B"/> of the unpaired samples.</summary>
    public IReadOnlyList<int> UnpairedB { get; }

    /// <summary>Which keywords each pair holds, in the order of <see cref="PairsA"/>; empty without keywords.</summary>
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
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">A row cannot be used; the message names row, column and slot.</exception>
    public static TrainingData Read(
        IDataView data, GentleClipOptions options, Action checkCancelled, string rowName = "Row", bool trains = true, Action<long>? onRow = null)
    {
        var schema = data.Schema;
        var a = ModalityKinds.Bind(options.ModalityA!, schema);
        var b = ModalityKinds.Bind(options.ModalityB!, schema);
        var paired = PairedColumn(schema, options.PairedColumnName);
        var keywords = trains && options.Objectives.Needs.Keywords is { } given ? KeywordBatch.Bind(given, schema, a, b) : default(DataViewSchema.Column?);
        var reader = new TrainingRowReader(a, b, paired, keywords, rowName);
        try
        {
            reader.Read(data, checkCancelled, onRow);
            return new TrainingData(reader);
        }
        catch
        {
            reader.A.Dispose();
            reader.B.Dispose();
            throw;
        }
    }

    /// <summary>Takes pairs out of the training, to validate on.</summary>
    /// <param name="pairs">Positions among the pairs.</param>
    /// <returns>
    /// The rest, whose stores stay this one's; and the positions in <see cref="A"/> and <see cref="B"/> of the pairs taken out, in the order given.
    /// </returns>
    public (TrainingData Train, int[] A, int[] B) HoldOut(IReadOnlyCollection<int> pairs)
    {
        var isHeldOut = new bool[PairsA.Count];
        foreach (var pair in pairs)
            isHeldOut[pair] = true;
        return (new TrainingData(this, isHeldOut), [.. pairs.Select(pair => PairsA[pair])], [.. pairs.Select(pair => PairsB[pair])]);
    }

    /// <summary>The same rows in other stores, which stay their maker's.</summary>
    public TrainingData With(Func<ExampleStore, ExampleStore> change) => new(this, change(A), change(B));

    /// <summary>What looks like a default value where a side is in fact absent, in words.</summary>
    /// <param name="what">What messages call the data, empty or ending in a blank.</param>
    public IEnumerable<string> FindDefaultValues(string what = "") => _read.FindDefaultValues(what);

    /// <summary>Frees the stores, unless they are another's.</summary>
    public void Dispose()
    {
        if (!_ownsStores)
            return;
        A.Dispose();
        B.Dispose();
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
