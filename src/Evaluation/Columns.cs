using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>Finds columns and opens cursors.</summary>
internal static class Columns
{
    /// <summary>A column by name.</summary>
    /// <param name="data">The view.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="role">What the column is, for errors.</param>
    /// <exception cref="ArgumentException">The column is not there.</exception>
    public static DataViewSchema.Column Find(IDataView data, string name, string role)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return data.Schema.GetColumnOrNull(name)
            ?? throw new ArgumentException($"There is no {role} column '{name}'. {ColumnNames.Describe(name, data.Schema)}");
    }

    /// <summary>A cursor over columns that may be the same or null.</summary>
    public static DataViewRowCursor Open(IDataView data, params IEnumerable<DataViewSchema.Column?> columns) =>
        data.GetRowCursor(columns.OfType<DataViewSchema.Column>().DistinctBy(column => column.Index));
}
