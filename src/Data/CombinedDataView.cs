namespace Microsoft.ML.GentleClip.Data;

/// <summary>The parts' rows one after another under the union of their columns. Immutable, so that any number of cursors may walk over it at once.</summary>
internal sealed class CombinedDataView : IDataView
{
    private readonly CombinedPart[] _parts;
    private readonly CombinedColumn[] _columns;

    public CombinedDataView(CombinedPart[] parts, CombinedColumn[] columns)
    {
        (_parts, _columns) = (parts, columns);
        var schema = new DataViewSchema.Builder();
        schema.AddColumns(columns.Select(column => column.Definition));
        Schema = schema.ToSchema();
    }

    /// <inheritdoc/>
    public DataViewSchema Schema { get; }

    /// <summary>Always false: the rows keep their order. <c>mlContext.Data.ShuffleRows</c> shuffles through a pool.</summary>
    public bool CanShuffle => false;

    /// <inheritdoc/>
    public long? GetRowCount()
    {
        long sum = 0;
        foreach (var part in _parts)
        {
            if (part.View.GetRowCount() is not { } count)
                return null;
            sum += count;
        }
        return sum;
    }

    /// <inheritdoc/>
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        var readers = new CombinedColumnReader?[_columns.Length];
        foreach (var column in columnsNeeded)
            readers[CheckedIndex(column)] ??= _columns[column.Index].Open();
        return new CombinedRowCursor(this, readers);
    }

    /// <summary>One cursor: the parts follow one another, and a set may be smaller than asked for.</summary>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    /// <summary>The column's index, if the column can be one of this view.</summary>
    public int CheckedIndex(DataViewSchema.Column column) =>
        column.Index < _columns.Length && column.Name == Schema[column.Index].Name
            ? column.Index
            : throw new ArgumentException(
                $"Column '{column.Name}' with index {column.Index} is not a column of this view, which has {_columns.Length} columns.", nameof(column));

    /// <summary>Opens a part for the columns that have a reader, or gives null if there is no such part.</summary>
    public DataViewRowCursor? OpenPart(int part, CombinedColumnReader?[] readers)
    {
        if (part >= _parts.Length)
            return null;
        var needed = _columns.Where((_, i) => readers[i] is not null).Select(column => column.Source(part)).OfType<DataViewSchema.Column>();
        var cursor = _parts[part].View.GetRowCursor([.. needed]);
        try
        {
            foreach (var reader in readers)
                reader?.Bind(part, cursor);
            return cursor;
        }
        catch
        {
            cursor.Dispose();
            throw;
        }
    }
}
