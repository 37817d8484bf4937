using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>
/// Adds a column of values that their reader must dispose, handed out as ML.NET's image loader does: a new one a call, disposing what it
/// finds in the reader's variable.
/// </summary>
internal sealed class OwnedValueView : IDataView
{
    private readonly IDataView _inner;

    public OwnedValueView(IDataView inner)
    {
        _inner = inner;
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(inner.Schema);
        builder.AddColumn("Owned", new OwnedType());
        Schema = builder.ToSchema();
    }

    public int Created { get; private set; }

    public DataViewSchema Schema { get; }

    public bool CanShuffle => false;

    public long? GetRowCount() => _inner.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(this, _inner.GetRowCursor(columnsNeeded.Where(column => column.Name != "Owned").Select(column => _inner.Schema[column.Index])));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded)];

    internal sealed class Owned(long row) : IDisposable
    {
        public long Row => row;

        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class OwnedType() : StructuredDataViewType(typeof(Owned))
    {
        public override bool Equals(DataViewType? other) => other is OwnedType;
    }

    private sealed class Cursor(OwnedValueView view, DataViewRowCursor inner) : DataViewRowCursor
    {
        public override DataViewSchema Schema => view.Schema;

        public override long Position => inner.Position;

        public override long Batch => inner.Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => column.Name == "Owned" || inner.IsColumnActive(inner.Schema[column.Index]);

        public override ValueGetter<DataViewRowId> GetIdGetter() => inner.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => column.Name != "Owned"
            ? inner.GetGetter<TValue>(inner.Schema[column.Index])
            : (ValueGetter<TValue>)(object)(ValueGetter<Owned>)((ref Owned value) =>
            {
                value?.Dispose();
                value = new Owned(inner.Position);
                view.Created++;
            });

        public override bool MoveNext() => inner.MoveNext();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
