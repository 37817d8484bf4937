using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Walks over the parts of a combined view; one part is open at a time.</summary>
internal sealed class CombinedRowCursor(CombinedDataView view, CombinedColumnReader?[] readers) : DataViewRowCursor
{
    private DataViewRowCursor? _cursor;
    private ValueGetter<DataViewRowId>? _idGetter;
    private int _part = -1;
    private long _position = -1;
    private bool _ended;

    /// <inheritdoc/>
    public override DataViewSchema Schema => view.Schema;

    /// <inheritdoc/>
    public override long Position => _position;

    /// <summary>Always 0: the rows come from one cursor, in order.</summary>
    public override long Batch => 0;

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) => readers[view.CheckedIndex(column)] is not null;

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        var reader = readers[view.CheckedIndex(column)]
            ?? throw new InvalidOperationException($"Column '{column.Name}' is not active: it was not among the columns that the cursor was asked for.");
        return reader.Getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"Column '{column.Name}' holds {column.Type.RawType}, but a getter of {typeof(TValue)} was asked for.");
    }

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) =>
    {
        if (_cursor is null)
            CombinedColumnReader.ThrowNoRow();
        _idGetter ??= _cursor.GetIdGetter();
        _idGetter(ref id);
        id = id.Combine(new DataViewRowId((ulong)_part, 0)); // equal ids of two parts become different ones
    };

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        while (!_ended)
        {
            if (_cursor is not null && _cursor.MoveNext())
            {
                _position++;
                return true;
            }
            Close();
            _cursor = view.OpenPart(++_part, readers);
            if (_cursor is null)
                End();
        }
        return false;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            End();
        base.Dispose(disposing);
    }

    private void End()
    {
        _ended = true;
        _position = -1;
        Close();
    }

    private void Close()
    {
        foreach (var reader in readers)
            reader?.Unbind();
        _cursor?.Dispose();
        (_cursor, _idGetter) = (null, null);
    }
}
