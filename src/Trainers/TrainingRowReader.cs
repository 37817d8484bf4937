using System.Globalization;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Reads the rows of a training. Pairing is decided here and nowhere else.</summary>
/// <param name="a">How modality A is read.</param>
/// <param name="b">How modality B is read.</param>
/// <param name="paired">The paired column, or null: a row with both sides is a pair.</param>
/// <param name="keywords">The keywords' indicator column, or null.</param>
/// <param name="rowName">What messages call a row.</param>
internal sealed class TrainingRowReader(
    ModalityBinding a, ModalityBinding b, DataViewSchema.Column? paired, DataViewSchema.Column? keywords, string rowName)
{
    private readonly RowProfile _profileA = new(a.Column.Name), _profileB = new(b.Column.Name);
    private long _both, _flagged;

    /// <summary>How modality A is read.</summary>
    public ModalityBinding BindingA => a;

    /// <summary>How modality B is read.</summary>
    public ModalityBinding BindingB => b;

    /// <summary>All samples of modality A; whoever takes it over frees it.</summary>
    public ExampleStore A { get; } = a.CreateStore();

    /// <summary>All samples of modality B; whoever takes it over frees it.</summary>
    public ExampleStore B { get; } = b.CreateStore();

    /// <summary>Positions in <see cref="A"/> of the pairs' first halves.</summary>
    public List<int> PairsA { get; } = [];

    /// <summary>Positions in <see cref="B"/> of the pairs' second halves.</summary>
    public List<int> PairsB { get; } = [];

    /// <summary>Positions in <see cref="A"/> of the unpaired samples.</summary>
    public List<int> UnpairedA { get; } = [];

    /// <summary>Positions in <see cref="B"/> of the unpaired samples.</summary>
    public List<int> UnpairedB { get; } = [];

    /// <summary>Which keywords each pair holds; empty without keywords.</summary>
    public List<bool[]> Keywords { get; } = [];

    /// <summary>Number of rows read.</summary>
    public long Rows { get; private set; }

    /// <summary>Rows without either side.</summary>
    public long EmptyRows { get; private set; }

    /// <summary>Reads all rows.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="checkCancelled">Called before each row; throws to stop.</param>
    /// <param name="onRow">Told before each row and after the last how many are read.</param>
    /// <exception cref="InvalidOperationException">A row cannot be used; the message names row, column and slot.</exception>
    public void Read(IDataView data, Action checkCancelled, Action<long>? onRow)
    {
        using var cursor = data.GetRowCursor(
            a.Columns.Concat(b.Columns).Concat(new[] { paired, keywords }.OfType<DataViewSchema.Column>()).DistinctBy(column => column.Index));
        var readerA = a.OpenAhead(cursor, data);
        using var endOfA = readerA as IDisposable;
        var readerB = b.OpenAhead(cursor, data);
        using var endOfB = readerB as IDisposable;
        var getPaired = paired is { } column ? cursor.GetGetter<bool>(column) : null;
        var getKeywords = keywords is { } indicators ? KeywordBatch.OpenIndicators(cursor, indicators) : null;
        while (cursor.MoveNext())
        {
            checkCancelled();
            onRow?.Invoke(Rows);
            var hasA = Has(readerA, a);
            var hasB = Has(readerB, b);
            var isPair = hasA && hasB;
            _both += isPair ? 1 : 0;
            EmptyRows += hasA || hasB ? 0 : 1;
            if (getPaired is not null)
            {
                var flagged = false;
                getPaired(ref flagged);
                if (flagged && !isPair)
                    throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                        $"{rowName} {Rows}: column '{paired!.Value.Name}' says it is a matched pair, but column '{(hasA ? b : a).Column.Name}' is missing; ")
                        + "expected both sides.");
                isPair = flagged;
                _flagged += flagged ? 1 : 0;
            }
            if (hasA)
                Add(A, readerA, _profileA, isPair ? PairsA : UnpairedA);
            if (hasB)
                Add(B, readerB, _profileB, isPair ? PairsB : UnpairedB);
            if (isPair && getKeywords is not null)
                Keywords.Add(getKeywords());
            Rows++;
        }
        onRow?.Invoke(Rows);
    }

    /// <summary>What makes a pair in these rows and what was found, for messages about pairs that lack.</summary>
    public string DescribePairs()
    {
        var (nameA, nameB) = (a.Column.Name, b.Column.Name);
        var name = paired?.Name;
        var (isTrue, flagged) = name is null ? ("", "") : ($"'{name}' is true and ", $"'{name}' is true in {_flagged}, ");
        var text = $"A pair is a row in which {isTrue}neither '{nameA}' nor '{nameB}' is missing: of {Rows} rows {flagged}'{nameA}' is there in {A.Count}, "
            + $"'{nameB}' in {B.Count}, both in {_both}.";
        return name is null || _both == _flagged
            ? text
            : text + $" If the {_both} rows with both are pairs, correct '{name}' or set no {nameof(GentleClipOptions.PairedColumnName)}.";
    }

    /// <summary>What looks like a default value where a side is in fact absent, in words.</summary>
    /// <param name="what">What messages call the data, empty or ending in a blank.</param>
    public IEnumerable<string> FindDefaultValues(string what) =>
        new[] { DefaultValues.Find(_profileA, A, what, Rows, PairsA.Count), DefaultValues.Find(_profileB, B, what, Rows, PairsA.Count) }.OfType<string>();

    private bool Has(ExampleReader reader, ModalityBinding binding) => reader.Read() switch
    {
        Presence.Present => true,
        Presence.Absent => false,
        _ => throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"{rowName} {Rows}, column '{binding.Column.Name}': {reader.Problem}.")),
    };

    private void Add(ExampleStore store, ExampleReader reader, RowProfile profile, List<int> positions)
    {
        profile.Add(reader, Rows);
        positions.Add(store.Count);
        store.Add(reader);
    }
}
