using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>A cursor with the columns of a fine-tuned model appended.</summary>
internal sealed class ScoreCursor : DataViewRowCursor
{
    private readonly ScoreSchema _schema;
    private readonly DataViewRowCursor _source;
    private readonly ScoreGetters _getters;

    /// <summary>Wraps a cursor over the features.</summary>
    public ScoreCursor(ScoreSchema schema, DataViewRowCursor source, IEnumerable<DataViewSchema.Column> active) =>
        (_schema, _source, _getters) = (schema, source, new ScoreGetters(schema, source, active));

    /// <inheritdoc/>
    public override DataViewSchema Schema => _schema.Output;

    /// <inheritdoc/>
    public override long Position => _source.Position;

    /// <inheritdoc/>
    public override long Batch => _source.Batch;

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) => _getters.IsActive(column);

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => _source.GetIdGetter();

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _getters.Get<TValue>(column);

    /// <inheritdoc/>
    public override bool MoveNext() => _source.MoveNext();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _source.Dispose();
        base.Dispose(disposing);
    }
}
