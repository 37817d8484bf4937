namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>A modality bound to the column of a schema: types checked once, readers opened from it.</summary>
internal abstract class ModalityBinding(DataViewSchema.Column column)
{
    /// <summary>The input column.</summary>
    public DataViewSchema.Column Column { get; } = column;

    /// <summary>All columns that are read, <see cref="Column"/> first.</summary>
    public virtual IReadOnlyList<DataViewSchema.Column> Columns => [Column];

    /// <summary>Size of one sample where the modality fixes it (features of a vector), else 0.</summary>
    public abstract int InputDimension { get; }

    /// <summary>Opens the getter of a row or cursor.</summary>
    public abstract ExampleReader Open(DataViewRow row);

    /// <summary>
    /// Opens the getter of a cursor whose rows are all read, once each and in order, or those of them that <paramref name="isRead"/> says. It may read ahead
    /// on other threads; then it is disposable.
    /// </summary>
    /// <param name="cursor">At its start.</param>
    /// <param name="data">The view that it belongs to.</param>
    /// <param name="isRead">Whether a row is read, by its number; null for all rows. Thread-safe.</param>
    public virtual ExampleReader OpenAhead(DataViewRowCursor cursor, IDataView data, Func<long, bool>? isRead = null) => Open(cursor);

    /// <summary>An empty store for examples of this modality.</summary>
    public abstract ExampleStore CreateStore();
}
