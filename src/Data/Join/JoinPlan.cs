namespace Microsoft.ML.GentleClip.Data;

/// <summary>What each cursor over a joined view needs. Immutable, so that any number of cursors may walk at once.</summary>
/// <param name="A">The rows of side A, which are read in order.</param>
/// <param name="B">The rows of side B.</param>
/// <param name="KeyA">The ids of A.</param>
/// <param name="KeyB">The ids of B.</param>
/// <param name="Index">Which rows have which ids.</param>
/// <param name="Columns">The joined columns.</param>
/// <param name="Schema">Their schema.</param>
/// <param name="MaximumBufferedRows">Most rows of B that a cursor holds.</param>
internal sealed record JoinPlan(
    IDataView A, IDataView B, JoinKey KeyA, JoinKey KeyB, JoinIndex Index, IReadOnlyList<JoinedColumn> Columns, DataViewSchema Schema, int MaximumBufferedRows)
{
    /// <summary>The column's index, if the column can be one of the joined view.</summary>
    public int CheckedIndex(DataViewSchema.Column column) =>
        column.Index < Columns.Count && column.Name == Schema[column.Index].Name
            ? column.Index
            : throw new ArgumentException(
                $"Column '{column.Name}' with index {column.Index} is not a column of this view, which has {Columns.Count} columns.", nameof(column));
}
