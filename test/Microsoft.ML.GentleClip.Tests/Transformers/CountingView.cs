using System.Collections.Concurrent;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>Passes a view through, counts what is asked of it, and can fail.</summary>
internal sealed class CountingView(IDataView inner) : IDataView
{
    private readonly ConcurrentDictionary<string, int> _calls = new();
    private int _rowsRead, _idCalls, _openCursors;

    /// <summary>Called before a getter runs, with the column and the cursor's position.</summary>
    public Action<string, long>? OnGet { get; set; }

    /// <summary>Called before a cursor moves, with its position.</summary>
    public Action<long>? OnMove { get; set; }

    /// <summary>The columns of every cursor, and whether they were asked for in random order.</summary>
    public ConcurrentQueue<string> Opened { get; } = new();

    public int RowsRead => _rowsRead;

    public int IdCalls => _idCalls;

    public int OpenCursors => _openCursors;

    public DataViewSchema Schema => inner.Schema;

    public bool CanShuffle => inner.CanShuffle;

    public int Calls(string column) => _calls.GetValueOrDefault(column);

    public long? GetRowCount() => inner.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        Note(columnsNeeded, rand);
        return new Cursor(this, inner.GetRowCursor(columnsNeeded, rand));
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        Note(columnsNeeded, rand);
        return [.. inner.GetRowCursorSet(columnsNeeded, n, rand).Select(cursor => new Cursor(this, cursor))];
    }

    private void Note(IEnumerable<DataViewSchema.Column> columns, Random? rand) =>
        Opened.Enqueue(string.Join(",", columns.Select(column => column.Name)) + (rand is null ? "" : " shuffled"));

    private sealed class Cursor : DataViewRowCursor
    {
        private readonly CountingView _view;
        private readonly DataViewRowCursor _inner;
        private bool _disposed;

        public Cursor(CountingView view, DataViewRowCursor inner)
        {
            (_view, _inner) = (view, inner);
            Interlocked.Increment(ref view._openCursors);
        }

        public override DataViewSchema Schema => _inner.Schema;

        public override long Position => _inner.Position;

        public override long Batch => _inner.Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => _inner.IsColumnActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            var getter = _inner.GetGetter<TValue>(column);
            return (ref TValue value) =>
            {
                _view.OnGet?.Invoke(column.Name, _inner.Position);
                _view._calls.AddOrUpdate(column.Name, 1, (_, calls) => calls + 1);
                getter(ref value);
            };
        }

        public override ValueGetter<DataViewRowId> GetIdGetter()
        {
            var getter = _inner.GetIdGetter();
            return (ref DataViewRowId id) =>
            {
                Interlocked.Increment(ref _view._idCalls);
                getter(ref id);
            };
        }

        public override bool MoveNext()
        {
            _view.OnMove?.Invoke(_inner.Position);
            var moved = _inner.MoveNext();
            if (moved)
                Interlocked.Increment(ref _view._rowsRead);
            return moved;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && !_disposed)
            {
                _disposed = true;
                _inner.Dispose();
                Interlocked.Decrement(ref _view._openCursors);
            }
            base.Dispose(disposing);
        }
    }
}
