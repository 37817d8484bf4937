using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>The input's cursor under the output's schema, for when no embedding is asked for.</summary>
internal sealed class PassThroughCursor(EmbeddingSchema schema, DataViewRowCursor source) : DataViewRowCursor
{
    /// <inheritdoc/>
    public override DataViewSchema Schema => schema.Output;

    /// <inheritdoc/>
    public override long Position => source.Position;

    /// <inheritdoc/>
    public override long Batch => source.Batch;

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) =>
        schema.EmbeddingOf(column) < 0 && source.IsColumnActive(schema.Input[column.Index]);

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => source.GetIdGetter();

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        RowGetters.Check<TValue>(column, IsColumnActive(column));
        return source.GetGetter<TValue>(schema.Input[column.Index]);
    }

    /// <inheritdoc/>
    public override bool MoveNext() => source.MoveNext();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            source.Dispose();
        base.Dispose(disposing);
    }
}
