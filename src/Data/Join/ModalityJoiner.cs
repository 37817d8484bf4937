using System.Globalization;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Joins two views by an id: checks ids and columns, counts, and makes the view.</summary>
internal static class ModalityJoiner
{
    private const string NameA = "viewA", NameB = "viewB";

    /// <summary>The joined view.</summary>
    /// <exception cref="ArgumentException">A column is missing, of an unfit type, or there twice.</exception>
    /// <exception cref="InvalidOperationException">A value is no id, or ids are repeated where they must not be.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static JoinedModalities Join(
        IHostEnvironment environment, IDataView a, IDataView b, string idA, string idB, ModalityJoinOptions options, CancellationToken cancellationToken)
    {
        var keyA = JoinKey.Of(NameA, a.Schema, idA);
        var keyB = JoinKey.Of(NameB, b.Schema, idB);
        JoinKey.CheckComparable(keyA, keyB);
        var names = JoinedNames.Of(keyA, a.Schema, keyB, b.Schema, options);

        using var channel = environment.Start(nameof(ModalityJoiner));
        var index = JoinIndex.Read(a, keyA, b, keyB, cancellationToken);
        var summary = Summarize(index, names.Id, options.RepeatedIds);
        channel.Info(MessageSensitivity.Schema, summary.ToString());
        if (JoinHints.Of(index, keyA, keyB) is { } hint)
            channel.Warning(MessageSensitivity.UserData, hint);

        JoinedColumn[] columns =
        [
            .. names.A.Select(named => named.Column.Index == keyA.Column.Index ? JoinedIdColumn.Of(names.Id, keyA, keyB) : Side(named, isOfA: true, summary)),
            .. names.B.Select(named => Side(named, isOfA: false, summary)),
            .. options.PairedColumnName is { } paired ? [new JoinedPairedColumn(paired)] : Array.Empty<JoinedColumn>(),
        ];
        var schema = new DataViewSchema.Builder();
        schema.AddColumns(columns.Select(column => column.Definition));
        return new JoinedModalities(new JoinPlan(a, b, keyA, keyB, index, columns, schema.ToSchema(), options.MaximumBufferedRows), summary);
    }

    private static JoinedColumn Side((string Name, DataViewSchema.Column Column) named, bool isOfA, ModalityJoinSummary summary)
    {
        var (mine, other, lacking) = isOfA ? (NameA, NameB, summary.B) : (NameB, NameA, summary.A);
        var type = named.Column.Type;
        var missing = MissingValue.GetterFor(type);
        if (missing is null && lacking.SingleCount > 0)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"Column '{named.Column.Name}' of {mine} is of type {type}, which has no missing value to stand in the {lacking.SingleCount} rows of {other} ")
                + "without a partner. Convert it to a type that has one (Single, text or a key), or drop it.", mine);
        return JoinedColumn.OfSide(named.Name, named.Column, isOfA, missing) ?? throw new ArgumentException(
            $"Column '{named.Column.Name}' of {mine} is of type {type}, whose values cannot wait until their partner is read. Drop it, or make {mine} the "
            + "first view.", mine);
    }

    private static ModalityJoinSummary Summarize(JoinIndex index, string idColumnName, RepeatedIds repeated)
    {
        var (sides, pairs, pairedIds) = (new[] { new Counts(), new Counts() }, 0L, 0);
        foreach (var (id, number) in index.Ids)
        {
            var a = index.A.RowsOf(number);
            var b = index.B.RowsOf(number);
            sides[0].Add(a.Length, b.Length);
            sides[1].Add(b.Length, a.Length);
            pairs += (long)a.Length * b.Length;
            pairedIds += a.Length > 0 && b.Length > 0 ? 1 : 0;
            var isError = repeated == RepeatedIds.Error
                ? a.Length > 1 || b.Length > 1
                : repeated == RepeatedIds.OnOneSide && a.Length > 1 && b.Length > 1;
            if (isError)
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"The id {id} is in {Rows(a)} of {NameA} and in {Rows(b)} of {NameB}. ") + (repeated == RepeatedIds.Error
                        ? $"{nameof(ModalityJoinOptions)}.{nameof(ModalityJoinOptions.RepeatedIds)} allows each id once."
                        : "Each of the one would be a pair with each of the other. Where that is meant, say "
                            + $"{nameof(ModalityJoinOptions)}.{nameof(ModalityJoinOptions.RepeatedIds)} = {nameof(RepeatedIds)}."
                            + $"{nameof(RepeatedIds.OnBothSides)}; otherwise the ids are not those of single samples."));
        }
        return new ModalityJoinSummary
        {
            IdColumnName = idColumnName,
            PairCount = pairs,
            PairedIdCount = pairedIds,
            A = sides[0].Side(index.A),
            B = sides[1].Side(index.B),
        };
    }

    private static string Rows(ReadOnlySpan<int> rows) => rows.Length switch
    {
        0 => "no row",
        1 => $"row {rows[0]}",
        _ => string.Create(CultureInfo.InvariantCulture, $"{rows.Length} rows ({rows[0]} and {rows[1]}{(rows.Length > 2 ? " among them" : "")})"),
    };

    private sealed class Counts
    {
        private int _ids;
        private int _repeatedIds;
        private long _repeatedRows;
        private long _singles;

        public void Add(int mine, int others)
        {
            _ids += mine > 0 ? 1 : 0;
            _singles += others == 0 ? mine : 0;
            if (mine < 2)
                return;
            _repeatedIds++;
            _repeatedRows += mine;
        }

        public ModalityJoinSide Side(JoinSide side) => new()
        {
            RowCount = side.Count,
            IdCount = _ids,
            SingleCount = _singles + side.Missing,
            MissingIdCount = side.Missing,
            RepeatedIdCount = _repeatedIds,
            RepeatedRowCount = _repeatedRows,
        };
    }
}
