using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers.Sharding;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Reads the rows of a training, or those of this process's shards. Pairing is decided here and nowhere else.</summary>
/// <param name="bindings">How the modalities are read.</param>
/// <param name="paired">The paired column, or null: a row with both sides is a pair.</param>
/// <param name="keywords">The keywords' indicator column, or null.</param>
/// <param name="rowName">What messages call a row.</param>
/// <param name="sharding">How the rows are dealt out.</param>
internal sealed class TrainingRowReader(
    Sides<ModalityBinding> bindings, DataViewSchema.Column? paired, DataViewSchema.Column? keywords, string rowName, BatchSharding sharding)
{
    // Rows that every process looks at, so that views which differ are found: each reads only its part of the others.
    private const int FirstProbes = 16, RowsBetweenProbes = 1024;

    // What is found of a modality.
    private sealed record Found(ModalityBinding Binding, ExampleStore Store, RowProfile Profile)
    {
        public List<int> Pairs { get; } = [];

        public List<int> Unpaired { get; } = [];

        public int Count => Pairs.Count + Unpaired.Count;

        public SampleShards? Shards { get; set; }
    }

    private readonly Sides<Found> _sides = bindings.Select(
        binding => new Found(binding, binding.CreateStore(), new RowProfile(binding.Column.Name)));
    private List<bool[]> _keywords = [];
    private long _both, _flagged;

    /// <summary>The samples of each modality; whoever takes them over frees the stores.</summary>
    public Sides<TrainingSide> Sides() => _sides.Select(side => new TrainingSide(
        side.Binding, side.Shards is { } shards ? new ShardedStore(side.Store, shards) : side.Store, [.. side.Pairs], [.. side.Unpaired]));

    /// <summary>Which keywords each pair holds; empty without keywords.</summary>
    public IReadOnlyList<bool[]> Keywords => _keywords;

    /// <summary>Number of rows.</summary>
    public long Rows { get; private set; }

    /// <summary>Rows without either side.</summary>
    public long EmptyRows { get; private set; }

    /// <summary>Reads the rows.</summary>
    /// <param name="data">All rows.</param>
    /// <param name="checkCancelled">Called before each row; throws to stop.</param>
    /// <param name="onRow">Told before each row and after the last how many are read.</param>
    /// <exception cref="InvalidOperationException">
    /// A row cannot be used; the message names row, column and slot. Or another process has other rows.
    /// </exception>
    public void Read(IDataView data, Action checkCancelled, Action<long>? onRow)
    {
        var isShared = sharding.Group.IsShared();
        var (a, b) = _sides;
        using var cursor = data.GetRowCursor(
            a.Binding.Columns.Concat(b.Binding.Columns).Concat(new[] { paired, keywords }.OfType<DataViewSchema.Column>())
                .DistinctBy(column => column.Index));
        Func<long, bool>? isRead = isShared ? row => sharding.IsOwn(row) || IsProbe(row) : null;
        var readerA = a.Binding.OpenAhead(cursor, data, isRead);
        using var endOfA = readerA as IDisposable;
        var readerB = b.Binding.OpenAhead(cursor, data, isRead);
        using var endOfB = readerB as IDisposable;
        var getPaired = paired is { } column ? cursor.GetGetter<bool>(column) : null;
        var getKeywords = keywords is { } indicators ? KeywordBatch.OpenIndicators(cursor, indicators) : null;
        var own = new List<RowKinds>();
        var probe = 0ul;
        for (; cursor.MoveNext(); Rows++)
        {
            checkCancelled();
            onRow?.Invoke(Rows);
            if (isRead is not null && !isRead(Rows)) // nobody fetches its values here
                continue;
            var hasA = Has(readerA, a.Binding);
            var hasB = Has(readerB, b.Binding);
            var isPair = hasA && hasB;
            var flagged = false;
            if (getPaired is not null)
            {
                getPaired(ref flagged);
                if (flagged && !isPair)
                    throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                        $"{rowName} {Rows}: column '{paired!.Value.Name}' says it is a matched pair, but column ")
                        + $"'{(hasA ? b : a).Binding.Column.Name}' is missing; expected both sides.");
                isPair = flagged;
            }
            var kinds = (hasA ? RowKinds.A : 0) | (hasB ? RowKinds.B : 0) | (isPair ? RowKinds.Pair : 0) | (flagged ? RowKinds.Flagged : 0);
            if (isShared && IsProbe(Rows))
                foreach (var word in new[] { (ulong)kinds, hasA ? RowProfile.Hash(readerA) : 0, hasB ? RowProfile.Hash(readerB) : 0 })
                    probe = RowProfile.Mix(probe, word);
            if (!sharding.IsOwn(Rows))
                continue;
            own.Add(kinds);
            if (hasA)
                Add(a, readerA);
            if (hasB)
                Add(b, readerB);
            if (isPair && getKeywords is not null)
                _keywords.Add(getKeywords());
        }
        onRow?.Invoke(Rows);
        if (isShared)
            AlikeProcesses.Check(sharding.Group, new(StringComparer.Ordinal)
            {
                [rowName == "Row" ? "training rows" : "validation rows"] =
                    string.Create(CultureInfo.InvariantCulture, $"content {probe:x16} in the first and each {RowsBetweenProbes}th of {Rows}"),
            });
        Divide(own, getKeywords is null ? null : ((VectorDataViewType)keywords!.Value.Type).Size);
    }

    /// <summary>What makes a pair in these rows and what was found, for messages about pairs that lack.</summary>
    public string DescribePairs()
    {
        var (nameA, nameB) = bindings.Select(binding => binding.Column.Name);
        var name = paired?.Name;
        var (isTrue, flagged) = name is null ? ("", "") : ($"'{name}' is true and ", $"'{name}' is true in {_flagged}, ");
        var text = $"A pair is a row in which {isTrue}neither '{nameA}' nor '{nameB}' is missing: of {Rows} rows {flagged}"
            + $"'{nameA}' is there in {_sides.A.Count}, '{nameB}' in {_sides.B.Count}, both in {_both}.";
        return name is null || _both == _flagged
            ? text
            : text + $" If the {_both} rows with both are pairs, correct '{name}' or set no {nameof(GentleClipOptions.PairedColumnName)}.";
    }

    /// <summary>What looks like a default value where a side is in fact absent, in words.</summary>
    /// <param name="what">What messages call the data, empty or ending in a blank.</param>
    public IEnumerable<string> FindDefaultValues(string what) =>
        _sides.Each.Select(side => DefaultValues.Find(side.Value.Profile, side.Value.Store, side.Value.Shards, what, Rows, side.Value.Pairs.Count))
            .OfType<string>();

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

    private void Add(Found side, ExampleReader reader)
    {
        side.Profile.Add(reader, Rows);
        side.Store.Add(reader);
        side.Store.NameLast(Rows, rowName);
    }

    private static bool IsProbe(long row) => row < FirstProbes || row % RowsBetweenProbes == 0;

    // What is in the rows of all processes, and so what is a pair and where it is.
    private void Divide(List<RowKinds> own, int? keywordCount)
    {
        var (sides, shards) = (_sides, new Sides<List<int>>([], []));
        var (read, pairRows) = (0, new List<int>());
        sharding.Group.Exchange(
            checked((int)Rows), row => sharding.RankOf(row), 1,
            (_, bytes) => bytes[0] = (byte)own[read++], (row, bytes) => Add(row, (RowKinds)bytes[0]), "what the rows hold");
        if (!sharding.IsOn)
            return;
        foreach (var (side, found) in _sides.Each)
        {
            found.Shards = new SampleShards([.. shards[side]], sharding.Shards, sharding.Group);
            found.Profile.Share(found.Shards);
        }
        if (keywordCount is { } count)
            ShareKeywords(pairRows, count);

        void Add(int row, RowKinds kinds)
        {
            var isPair = kinds.HasFlag(RowKinds.Pair);
            _both += kinds.HasFlag(RowKinds.A | RowKinds.B) ? 1 : 0;
            _flagged += kinds.HasFlag(RowKinds.Flagged) ? 1 : 0;
            EmptyRows += (kinds & (RowKinds.A | RowKinds.B)) == 0 ? 1 : 0;
            foreach (var (side, found) in sides.Each)
            {
                if (!kinds.HasFlag(side == Side.A ? RowKinds.A : RowKinds.B))
                    continue;
                (isPair ? found.Pairs : found.Unpaired).Add(found.Count);
                if (!sharding.IsOn)
                    continue;
                shards[side].Add(sharding.ShardOf(row));
                found.Profile.AddRow(row);
            }
            if (isPair && sharding.IsOn)
                pairRows.Add(row);
        }
    }

    private void ShareKeywords(List<int> pairRows, int count)
    {
        var (own, all, read) = (_keywords, new List<bool[]>(), 0);
        sharding.Group.Exchange(
            pairRows.Count, pair => sharding.RankOf(pairRows[pair]), count,
            (_, bytes) => MemoryMarshal.AsBytes<bool>(own[read++]).CopyTo(bytes), (_, bytes) => all.Add([.. MemoryMarshal.Cast<byte, bool>(bytes)]),
            "which pairs hold which keywords");
        _keywords = all;
    }

    [Flags]
    private enum RowKinds : byte
    {
        A = 1,
        B = 2,
        Pair = 4,
        Flagged = 8,
    }
}
