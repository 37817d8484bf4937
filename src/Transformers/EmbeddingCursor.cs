using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>
/// Reads ahead a window of rows, embeds them in one forward pass per requested embedding column, and serves them one by one.
/// </summary>
internal sealed class EmbeddingCursor : DataViewRowCursor
{
    private readonly EmbeddingSchema _schema;
    private readonly DataViewRowCursor _source;
    private readonly Delegate?[] _getters;
    private readonly List<ColumnBuffer> _buffers = [];
    private readonly EmbeddingWindow?[] _windows;
    private readonly EmbeddingWindow[] _open;
    private readonly bool[] _requested;
    private readonly bool[] _required;
    private readonly ValueGetter<DataViewRowId> _getSourceId;
    private readonly DataViewRowId[] _ids;
    private readonly long[] _batches;
    private readonly bool[] _present;
    private int _rows;
    private int _current = -1;
    private bool _sourceEnded;
    private long _position = -1;
    private bool _disposed;

    /// <summary>Wraps a cursor of the input.</summary>
    /// <param name="schema">The bound columns.</param>
    /// <param name="source">Cursor over the input, with the dependencies of the requested columns active.</param>
    /// <param name="requested">The output columns asked for.</param>
    /// <param name="required">Per embedding column, whether rows without it are left out.</param>
    /// <param name="window">Rows to read ahead.</param>
    public EmbeddingCursor(EmbeddingSchema schema, DataViewRowCursor source, IEnumerable<DataViewSchema.Column> requested, bool[] required, int window)
    {
        _schema = schema;
        _source = source;
        _required = required;
        _getters = new Delegate?[schema.Output.Count];
        _windows = new EmbeddingWindow?[schema.Columns.Count];
        _requested = new bool[schema.Columns.Count];
        _present = new bool[schema.Columns.Count];
        _ids = new DataViewRowId[window];
        _batches = new long[window];
        _getSourceId = source.GetIdGetter();
        foreach (var column in requested.DistinctBy(column => column.Index))
        {
            if (schema.EmbeddingOf(column) is >= 0 and var embedding)
            {
                var opened = Open(embedding);
                _requested[embedding] = true;
                _getters[column.Index] = (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => opened.CopyTo(CurrentSlot(), ref value));
            }
            else
            {
                var buffer = ColumnBuffer.Open(source, schema.Input[column.Index], window);
                _buffers.Add(buffer);
                _getters[column.Index] = buffer.Getter(CurrentSlot);
            }
        }
        for (var embedding = 0; embedding < required.Length; embedding++)
        {
            if (required[embedding])
                Open(embedding);
        }
        _open = [.. _windows.OfType<EmbeddingWindow>()];

        EmbeddingWindow Open(int embedding) =>
            _windows[embedding] ??= new EmbeddingWindow(schema.Columns[embedding], schema.Bindings[embedding], source, window);
    }

    /// <inheritdoc/>
    public override DataViewSchema Schema => _schema.Output;

    /// <inheritdoc/>
    public override long Position => _position;

    /// <inheritdoc/>
    public override long Batch => _position < 0 ? 0 : _batches[_current];

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) => _getters[column.Index] is not null;

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = _ids[CurrentSlot()];

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => RowGetters.Typed<TValue>(_getters, column);

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (++_current >= _rows && !ReadWindow())
        {
            _position = -1;
            return false;
        }
        _position++;
        return true;
    }

    private bool ReadWindow()
    {
        foreach (var window in _open)
            window.Clear();
        _rows = 0;
        while (_rows < _ids.Length && !_sourceEnded)
        {
            if (!_source.MoveNext())
            {
                _sourceEnded = true;
                break;
            }
            if (TakeRow(_rows))
                _rows++;
        }
        for (var embedding = 0; embedding < _windows.Length; embedding++)
        {
            if (_requested[embedding])
                _windows[embedding]!.Compute();
        }
        _current = 0;
        return _rows > 0;
    }

    private bool TakeRow(int slot)
    {
        for (var embedding = 0; embedding < _windows.Length; embedding++)
        {
            if (_windows[embedding] is not { } window)
                continue;
            _present[embedding] = window.Read();
            if (_required[embedding] && !_present[embedding])
                return false;
        }
        for (var embedding = 0; embedding < _windows.Length; embedding++)
            _windows[embedding]?.Take(slot, _present[embedding]);
        foreach (var buffer in _buffers)
            buffer.Fill(slot);
        _getSourceId(ref _ids[slot]);
        _batches[slot] = _source.Batch;
        return true;
    }

    private int CurrentSlot() => _position >= 0
        ? _current
        : throw new InvalidOperationException("The cursor is not on a row: MoveNext was not called or returned false.");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            foreach (var window in _open)
                window.Dispose();
            _source.Dispose();
        }
        base.Dispose(disposing);
    }
}
