using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// A cursor over one side that knows which id its row had when the views were joined. A view that gives other rows now, of a file that has changed or of a
/// shuffle, would make wrong pairs: it throws.
/// </summary>
internal sealed class JoinSource : IDisposable
{
    private readonly JoinIndex _index;
    private readonly JoinSide _side;
    private readonly JoinKey _key;
    private readonly Func<JoinId?> _read;
    private ValueGetter<DataViewRowId>? _getId;

    /// <summary>Opens a cursor.</summary>
    public JoinSource(IDataView view, JoinIndex index, JoinSide side, JoinKey key, IEnumerable<DataViewSchema.Column> columns)
    {
        (_index, _side, _key) = (index, side, key);
        Cursor = view.GetRowCursor([.. columns.Append(key.Column).DistinctBy(column => column.Index)]);
        try
        {
            _read = key.Open(Cursor);
        }
        catch
        {
            Cursor.Dispose();
            throw;
        }
    }

    /// <summary>The cursor.</summary>
    public DataViewRowCursor Cursor { get; }

    /// <summary>Number of the row, -1 before the first.</summary>
    public int Row { get; private set; } = -1;

    /// <summary>Number of the row's id.</summary>
    public int Id { get; private set; } = JoinIndex.NoId;

    /// <summary>Goes to the next row.</summary>
    /// <exception cref="InvalidOperationException">The view has other rows than when it was joined.</exception>
    public bool MoveNext()
    {
        if (!Cursor.MoveNext())
        {
            if (Row + 1 != _side.Count)
                throw Changed($"{_key.View} ended after {Row + 1} rows, but had {_side.Count} when the views were joined");
            return false;
        }
        if (++Row >= _side.Count)
            throw Changed($"{_key.View} has more than the {_side.Count} rows that it had when the views were joined");
        var id = _read();
        Id = _index.NumberOf(id);
        if (Id != _side.IdOf(Row))
            throw Changed(string.Create(CultureInfo.InvariantCulture, $"Row {Row} of {_key.View} has {(id is { } found ? $"the id {found}" : "no id")}, but ")
                + $"had {_index.Describe(_side.IdOf(Row))} when the views were joined");
        return true;
    }

    /// <summary>The row's own id in ML.NET.</summary>
    public DataViewRowId RowId()
    {
        DataViewRowId id = default;
        (_getId ??= Cursor.GetIdGetter())(ref id);
        return id;
    }

    /// <inheritdoc/>
    public void Dispose() => Cursor.Dispose();

    private static InvalidOperationException Changed(string what) => new(
        $"{what}. Join again after a change; a view whose rows differ from one reading to the next is joined after mlContext.Data.Cache.");
}
