using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Rows of one column whose values lie ready: a source that costs next to nothing, so that what reads it is measured.</summary>
internal sealed class MadeUpRows<T>(string column, DataViewType type, int rows, MadeUpRows<T>.Fill fill) : IDataView
{
    private readonly Fill _fill = fill;
    private readonly int _rows = rows;

    public delegate void Fill(long row, ref T value);

    public DataViewSchema Schema { get; } = Create(column, type);

    public bool CanShuffle => false;

    public long? GetRowCount() => _rows;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => new Cursor(this);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [new Cursor(this)];

    private static DataViewSchema Create(string column, DataViewType type)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn(column, type);
        return builder.ToSchema();
    }

    private sealed class Cursor(MadeUpRows<T> view) : DataViewRowCursor
    {
        private long _position = -1;

        public override DataViewSchema Schema => view.Schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => true;

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new((ulong)_position, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            (ValueGetter<TValue>)(Delegate)(ValueGetter<T>)((ref T value) => view._fill(_position, ref value));

        public override bool MoveNext()
        {
            if (_position + 1 < view._rows)
                return ++_position >= 0;
            _position = -1;
            return false;
        }
    }
}
