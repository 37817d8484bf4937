using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>
/// Reads ahead a window of rows, embeds them together, and serves them one by one.
/// </summary>
internal sealed class EmbeddingCursor : DataViewRowCursor
{
    private readonly EmbeddingSchema _schema;
    private readonly DataViewRowCursor _source;
    private readonly RowWindow _window;
    private readonly Delegate?[] _getters;
    private int _slot = -1;
    private long _position = -1;
    private bool _disposed;

    /// <summary>Wraps a cursor of the input.</summary>
    /// <param name="schema">The bound columns.</param>
    /// <param name="source">Cursor over the input, with the dependencies of the requested columns active.</param>
    /// <param name="requested">The output columns asked for.</param>
    /// <param name="required">Per embedding column, whether rows without it are left out.</param>
    /// <param name="plan">Rows to read ahead, rows of a pass, whether to overlap.</param>
    public EmbeddingCursor(EmbeddingSchema schema, DataViewRowCursor source, IEnumerable<DataViewSchema.Column> requested, bool[] required, ScoringPlan plan)
    {
        var columns = requested.DistinctBy(column => column.Index).ToList();
        var holdsAll = columns.TrueForAll(column => ColumnBuffer.CanHold(column.Type));
        _schema = schema;
        _source = source;
        _window = new RowWindow(schema, source, columns, required, holdsAll ? plan : plan.RowByRow);
        _getters = new Delegate?[schema.Output.Count];
        foreach (var column in columns)
            _getters[column.Index] = _window.Getter(column, CurrentSlot);
    }

    /// <inheritdoc/>
    public override DataViewSchema Schema => _schema.Output;

    /// <inheritdoc/>
    public override long Position => _position;

    /// <inheritdoc/>
    public override long Batch => _position < 0 ? 0 : _window.Batch(_slot);

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) => _getters[column.Index] is not null;

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = _window.Id(CurrentSlot());

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        RowGetters.Check<TValue>(column, IsColumnActive(column));
        return (ValueGetter<TValue>)_getters[column.Index]!;
    }

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var next = _position + 1;
        _position = -1; // stays so at the end and when the next row fails
        _window.ThrowIfDisposed();
        if (++_slot >= _window.Count)
        {
            _slot = -1;
            if (!_window.Advance())
                return false;
            _slot = 0;
        }
        _window.ComputeTo(_slot);
        _position = next;
        return true;
    }

    private int CurrentSlot() => _position >= 0
        ? _slot
        : throw new InvalidOperationException("The cursor is not on a row: MoveNext was not called or returned false.");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            _position = -1;
            _window.Dispose();
            _source.Dispose();
        }
        base.Dispose(disposing);
    }
}
