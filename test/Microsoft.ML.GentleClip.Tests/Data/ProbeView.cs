using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>Passes a view through and writes down what is asked of it.</summary>
internal sealed class ProbeView(IDataView inner, long? rowCount = null) : IDataView
{
    public List<string> Opened { get; } = [];
    public List<string> Getters { get; } = [];
    public int IdGetters { get; private set; }
    public int Disposed { get; private set; }
    public int RowsRead { get; private set; }

    public DataViewSchema Schema => inner.Schema;
    public bool CanShuffle => inner.CanShuffle;
    public long? GetRowCount() => rowCount;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        Assert.IsNull(rand, "The rows of the parts keep their order.");
        Opened.Add(string.Join(",", columnsNeeded.Select(column => column.Name)));
        return new Cursor(this, inner.GetRowCursor(columnsNeeded));
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(ProbeView view, DataViewRowCursor inner) : DataViewRowCursor
    {
        private bool _disposed;

        public override DataViewSchema Schema => inner.Schema;
        public override long Position => inner.Position;
        public override long Batch => inner.Batch;
        public override bool IsColumnActive(DataViewSchema.Column column) => inner.IsColumnActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            view.Getters.Add(column.Name);
            return inner.GetGetter<TValue>(column);
        }

        public override ValueGetter<DataViewRowId> GetIdGetter()
        {
            view.IdGetters++;
            return inner.GetIdGetter();
        }

        public override bool MoveNext()
        {
            var moved = inner.MoveNext();
            view.RowsRead += moved ? 1 : 0;
            return moved;
        }

        protected override void Dispose(bool disposing)
        {
            if (!_disposed && disposing)
            {
                inner.Dispose();
                view.Disposed++;
            }
            _disposed = true;
            base.Dispose(disposing);
        }
    }
}
