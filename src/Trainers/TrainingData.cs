using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// The rows of a data view, read once: a store per modality, and which examples are matched pairs and which are unpaired.
/// Pairing is decided here and nowhere else.
/// </summary>
internal sealed class TrainingData : IDisposable
{
    private readonly List<int> _pairsA = [];
    private readonly List<int> _pairsB = [];
    private readonly List<int> _unpairedA = [];
    private readonly List<int> _unpairedB = [];
    private readonly List<bool[]> _keywords = [];
    private readonly string _rowName;
    private readonly RowProfile _profileA;
    private readonly RowProfile _profileB;
    private string? _pairedColumnName;
    private long _both, _flagged;

    private TrainingData(ModalityBinding a, ModalityBinding b, string rowName)
    {
        _rowName = rowName;
        BindingA = a;
        BindingB = b;
        A = a.CreateStore();
        B = b.CreateStore();
        (_profileA, _profileB) = (new RowProfile(a.Column.Name), new RowProfile(b.Column.Name));
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
    public IReadOnlyList<int> PairsA => _pairsA;

    /// <summary>Positions in <see cref="B"/> of the pairs' second halves, in the order of <see cref="PairsA"/>.</summary>
    public IReadOnlyList<int> PairsB => _pairsB;

    /// <summary>Positions in <see cref="A"/> of the unpaired samples.</summary>
    public IReadOnlyList<int> UnpairedA => _unpairedA;

    /// <summary>Positions in <see cref="B"/> of the unpaired samples.</summary>
    public IReadOnlyList<int> UnpairedB => _unpairedB;

    /// <summary>Which keywords each pair holds, in the order of <see cref="PairsA"/>; empty without keywords.</summary>
    public IReadOnlyList<bool[]> PairKeywords => _keywords;

    /// <summary>Number of rows read.</summary>
    public long Rows { get; private set; }

    /// <summary>What makes a pair in these rows and what was found, for messages about pairs that lack.</summary>
    public string DescribePairs()
    {
        var (a, b) = (BindingA.Column.Name, BindingB.Column.Name);
        var (isTrue, flagged) = _pairedColumnName is { } paired ? ($"'{paired}' is true and ", $"'{paired}' is true in {_flagged}, ") : ("", "");
        var text = $"A pair is a row in which {isTrue}neither '{a}' nor '{b}' is missing: of {Rows} rows {flagged}'{a}' is there in {A.Count}, "
            + $"'{b}' in {B.Count}, both in {_both}.";
        return _pairedColumnName is null || _both == _flagged
            ? text
            : text + $" If the {_both} rows with both are pairs, correct '{_pairedColumnName}' or set no {nameof(GentleClipOptions.PairedColumnName)}.";
    }

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
        var result = new TrainingData(a, b, rowName) { _pairedColumnName = options.PairedColumnName };
        try
        {
            using var cursor = data.GetRowCursor(
                a.Columns.Concat(b.Columns).Concat(new[] { paired, keywords }.OfType<DataViewSchema.Column>()).DistinctBy(column => column.Index));
            result.ReadRows(cursor, data, paired, keywords, checkCancelled, onRow);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Takes pairs out of the training, to validate on.</summary>
    /// <param name="pairs">Positions among the pairs.</param>
    /// <returns>Positions in <see cref="A"/> and <see cref="B"/> of the pairs taken out.</returns>
    public (int[] A, int[] B) HoldOut(IReadOnlyCollection<int> pairs)
    {
        var heldOut = (pairs.Select(pair => _pairsA[pair]).ToArray(), pairs.Select(pair => _pairsB[pair]).ToArray());
        foreach (var pair in pairs.OrderDescending())
        {
            _pairsA.RemoveAt(pair);
            _pairsB.RemoveAt(pair);
            if (_keywords.Count > 0)
                _keywords.RemoveAt(pair);
        }
        return heldOut;
    }

    /// <summary>What looks like a default value where a side is in fact absent, in words.</summary>
    /// <param name="what">What messages call the data, empty or ending in a blank.</param>
    public IEnumerable<string> FindDefaultValues(string what = "") =>
        new[] { DefaultValues.Find(_profileA, A, what, Rows, _pairsA.Count), DefaultValues.Find(_profileB, B, what, Rows, _pairsA.Count) }.OfType<string>();

    /// <summary>Frees the stores.</summary>
    public void Dispose()
    {
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

    private void ReadRows(
        DataViewRowCursor cursor, IDataView data, DataViewSchema.Column? pairedColumn, DataViewSchema.Column? keywordColumn,
        Action checkCancelled, Action<long>? onRow)
    {
        var readerA = BindingA.OpenAhead(cursor, data);
        using var endOfA = readerA as IDisposable;
        var readerB = BindingB.OpenAhead(cursor, data);
        using var endOfB = readerB as IDisposable;
        var getPaired = pairedColumn is { } column ? cursor.GetGetter<bool>(column) : null;
        var getKeywords = keywordColumn is { } indicators ? KeywordBatch.OpenIndicators(cursor, indicators) : null;
        while (cursor.MoveNext())
        {
            checkCancelled();
            onRow?.Invoke(Rows);
            var hasA = Has(readerA, BindingA);
            var hasB = Has(readerB, BindingB);
            var isPair = hasA && hasB;
            _both += isPair ? 1 : 0;
            if (getPaired is not null)
            {
                var flagged = false;
                getPaired(ref flagged);
                if (flagged && !isPair)
                    throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                        $"{_rowName} {Rows}: column '{pairedColumn!.Value.Name}' says it is a matched pair, but column '{(hasA ? BindingB : BindingA).Column.Name}' is missing; expected both sides."));
                isPair = flagged;
                _flagged += flagged ? 1 : 0;
            }
            if (hasA)
                Add(A, readerA, _profileA, isPair ? _pairsA : _unpairedA);
            if (hasB)
                Add(B, readerB, _profileB, isPair ? _pairsB : _unpairedB);
            if (isPair && getKeywords is not null)
                _keywords.Add(getKeywords());
            Rows++;
        }
        onRow?.Invoke(Rows);
    }

    private bool Has(ExampleReader reader, ModalityBinding binding) => reader.Read() switch
    {
        Presence.Present => true,
        Presence.Absent => false,
        _ => throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"{_rowName} {Rows}, column '{binding.Column.Name}': {reader.Problem}.")),
    };

    private void Add(ExampleStore store, ExampleReader reader, RowProfile profile, List<int> positions)
    {
        profile.Add(reader, Rows);
        positions.Add(store.Count);
        store.Add(reader);
    }
}
