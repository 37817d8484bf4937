using Microsoft.ML.GentleClip.Data;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Two views joined by an id: the rows of A in their order, each with its partner of B or without, then the rows of B without a partner. An ordinary view for
/// <c>Fit</c> and <c>Transform</c>, with a count of what was joined. Made by <c>mlContext.Data.JoinModalities</c>.
/// </summary>
/// <remarks>
/// Rows are read anew by each cursor, from both views, only the columns that are asked for. Memory holds the ids of both sides, some 100 bytes for each, and
/// for each cursor at most <see cref="ModalityJoinOptions.MaximumBufferedRows"/> rows of B. The rows keep their order; <c>mlContext.Data.ShuffleRows</c>
/// shuffles. A view that has other rows than when it was joined throws.
/// </remarks>
public sealed class JoinedModalities : IDataView
{
    private readonly JoinPlan _plan;

    internal JoinedModalities(JoinPlan plan, ModalityJoinSummary summary) => (_plan, Summary) = (plan, summary);

    /// <summary>What was joined: pairs, rows of one side only, missing and repeated ids. Its <c>ToString</c> says it in words.</summary>
    public ModalityJoinSummary Summary { get; }

    /// <inheritdoc/>
    public DataViewSchema Schema => _plan.Schema;

    /// <summary>Always false: the rows keep their order.</summary>
    public bool CanShuffle => false;

    /// <summary>The number of rows, which is known.</summary>
    public long? GetRowCount() => Summary.RowCount;

    /// <inheritdoc/>
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        var readers = new JoinedColumnReader?[_plan.Columns.Count];
        foreach (var column in columnsNeeded)
            readers[_plan.CheckedIndex(column)] ??= _plan.Columns[column.Index].Open();
        return new JoinedRowCursor(_plan, readers);
    }

    /// <summary>One cursor: the rows keep their order, and a set may be smaller than asked for.</summary>
    /// <param name="columnsNeeded">The columns to read.</param>
    /// <param name="n">How many cursors would be welcome.</param>
    /// <param name="rand">Not used.</param>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];
}
