using System.Globalization;
using System.Text;

namespace Microsoft.ML.GentleClip;

/// <summary>What a join of two modalities found: pairs, rows that one side has only, rows without an id, ids that are there more than once.</summary>
public sealed record ModalityJoinSummary
{
    internal ModalityJoinSummary()
    {
    }

    /// <summary>Name of the id column in the joined view.</summary>
    public string IdColumnName { get; internal init; } = "";

    /// <summary>Number of rows that are pairs. An id that is in several rows of one side makes as many.</summary>
    public long PairCount { get; internal init; }

    /// <summary>Number of different ids that both sides have.</summary>
    public int PairedIdCount { get; internal init; }

    /// <summary>Side A.</summary>
    public ModalityJoinSide A { get; internal init; } = new();

    /// <summary>Side B.</summary>
    public ModalityJoinSide B { get; internal init; } = new();

    /// <summary>Number of rows of the joined view: pairs, and the rows of either side without a partner.</summary>
    public long RowCount => PairCount + A.SingleCount + B.SingleCount;

    /// <summary>The counts in words, a line for the whole and one per side.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"Joined by '{IdColumnName}': {Count(PairCount, "pair")} of {Count(PairedIdCount, "id")}, {Count(A.SingleCount, "row")} of A only, "
        + $"{Count(B.SingleCount, "row")} of B only\n  A: {A}\n  B: {B}");

    internal static string Count(long count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {what}{(count == 1 ? "" : "s")}");
}

/// <summary>One side of a join.</summary>
public sealed record ModalityJoinSide
{
    internal ModalityJoinSide()
    {
    }

    /// <summary>Number of rows.</summary>
    public long RowCount { get; internal init; }

    /// <summary>Number of different ids.</summary>
    public int IdCount { get; internal init; }

    /// <summary>Number of rows without a partner, those without an id among them.</summary>
    public long SingleCount { get; internal init; }

    /// <summary>Number of rows without an id: empty or blank text, NaN, key 0. They have no partner.</summary>
    public long MissingIdCount { get; internal init; }

    /// <summary>Number of ids that are in more than one row.</summary>
    public int RepeatedIdCount { get; internal init; }

    /// <summary>Number of the rows of those ids.</summary>
    public long RepeatedRowCount { get; internal init; }

    /// <summary>The counts in words.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{ModalityJoinSummary.Count(RowCount, "row")}, {ModalityJoinSummary.Count(IdCount, "id")}");
        if (RepeatedIdCount > 0)
            text.Append(CultureInfo.InvariantCulture,
                $", {ModalityJoinSummary.Count(RepeatedIdCount, "id")} more than once ({ModalityJoinSummary.Count(RepeatedRowCount, "row")})");
        if (MissingIdCount > 0)
            text.Append(CultureInfo.InvariantCulture, $", {ModalityJoinSummary.Count(MissingIdCount, "row")} without an id");
        return text.ToString();
    }
}
