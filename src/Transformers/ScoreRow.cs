using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>A row with the columns of a fine-tuned model appended.</summary>
internal sealed class ScoreRow : DataViewRow
{
    private readonly ScoreSchema _schema;
    private readonly DataViewRow _source;
    private readonly ScoreGetters _getters;

    /// <summary>Wraps a row that has the features.</summary>
    public ScoreRow(ScoreSchema schema, DataViewRow source, IEnumerable<DataViewSchema.Column> active) =>
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
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _source.Dispose();
        base.Dispose(disposing);
    }
}
