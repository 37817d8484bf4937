using System.Globalization;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Reads the rows of a training. Pairing is decided here and nowhere else.</summary>
/// <param name="bindings">How the modalities are read.</param>
/// <param name="paired">The paired column, or null: a row with both sides is a pair.</param>
/// <param name="keywords">The keywords' indicator column, or null.</param>
/// <param name="rowName">What messages call a row.</param>
internal sealed class TrainingRowReader(
    Sides<ModalityBinding> bindings, DataViewSchema.Column? paired, DataViewSchema.Column? keywords, string rowName)
{
    // What is found of a modality.
    private sealed record Found(ModalityBinding Binding, ExampleStore Store, RowProfile Profile, List<int> Pairs, List<int> Unpaired);

    private readonly Sides<Found> _sides = bindings.Select(
        binding => new Found(binding, binding.CreateStore(), new RowProfile(binding.Column.Name), [], []));
    private long _both, _flagged;

    /// <summary>The samples of each modality; whoever takes them over frees the stores.</summary>
    public Sides<TrainingSide> Sides() =>
        _sides.Select(side => new TrainingSide(side.Binding, side.Store, [.. side.Pairs], [.. side.Unpaired]));

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
        var (a, b) = _sides;
        using var cursor = data.GetRowCursor(
            a.Binding.Columns.Concat(b.Binding.Columns).Concat(new[] { paired, keywords }.OfType<DataViewSchema.Column>())
                .DistinctBy(column => column.Index));
        var readerA = a.Binding.OpenAhead(cursor, data);
        using var endOfA = readerA as IDisposable;
        var readerB = b.Binding.OpenAhead(cursor, data);
        using var endOfB = readerB as IDisposable;
        var getPaired = paired is { } column ? cursor.GetGetter<bool>(column) : null;
        var getKeywords = keywords is { } indicators ? KeywordBatch.OpenIndicators(cursor, indicators) : null;
        while (cursor.MoveNext())
        {
            checkCancelled();
            onRow?.Invoke(Rows);
            var hasA = Has(readerA, a.Binding);
            var hasB = Has(readerB, b.Binding);
            var isPair = hasA && hasB;
            _both += isPair ? 1 : 0;
            EmptyRows += hasA || hasB ? 0 : 1;
            if (getPaired is not null)
            {
                var flagged = false;
                getPaired(ref flagged);
                if (flagged && !isPair)
                    throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                        $"{rowName} {Rows}: column '{paired!.Value.Name}' says it is a matched pair, but column ")
                        + $"'{(hasA ? b : a).Binding.Column.Name}' is missing; expected both sides.");
                isPair = flagged;
                _flagged += flagged ? 1 : 0;
            }
            if (hasA)
                Add(a, readerA, isPair);
            if (hasB)
                Add(b, readerB, isPair);
            if (isPair && getKeywords is not null)
                Keywords.Add(getKeywords());
            Rows++;
        }
        onRow?.Invoke(Rows);
    }

    /// <summary>What makes a pair in these rows and what was found, for messages about pairs that lack.</summary>
    public string DescribePairs()
    {
        var (nameA, nameB) = bindings.Select(binding => binding.Column.Name);
        var name = paired?.Name;
        var (isTrue, flagged) = name is null ? ("", "") : ($"'{name}' is true and ", $"'{name}' is true in {_flagged}, ");
        var text = $"A pair is a row in which {isTrue}neither '{nameA}' nor '{nameB}' is missing: of {Rows} rows {flagged}"
            + $"'{nameA}' is there in {_sides.A.Store.Count}, '{nameB}' in {_sides.B.Store.Count}, both in {_both}.";
        return name is null || _both == _flagged
            ? text
            : text + $" If the {_both} rows with both are pairs, correct '{name}' or set no {nameof(GentleClipOptions.PairedColumnName)}.";
    }

    /// <summary>What looks like a default value where a side is in fact absent, in words.</summary>
    /// <param name="what">What messages call the data, empty or ending in a blank.</param>
    public IEnumerable<string> FindDefaultValues(string what) =>
        _sides.Each.Select(side => DefaultValues.Find(side.Value.Profile, side.Value.Store, what, Rows, side.Value.Pairs.Count)).OfType<string>();

    /// <summary>Frees the stores, where nobody takes them over.</summary>
    public void DisposeStores()
    {
        _sides.A.Store.Dispose();
        _sides.B.Store.Dispose();
    }

    private bool Has(ExampleReader reader, ModalityBinding binding) => reader.Read() switch
    {
        Presence.Present => true,
        Presence.Absent => false,
        _ => throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"{rowName} {Rows}, column '{binding.Column.Name}': {reader.Problem}.")),
    };

    private void Add(Found side, ExampleReader reader, bool isPair)
    {
        side.Profile.Add(reader, Rows);
        (isPair ? side.Pairs : side.Unpaired).Add(side.Store.Count);
        side.Store.Add(reader);
        side.Store.NameLast(Rows);
    }
}
