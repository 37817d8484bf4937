using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Models;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>A view with the columns of a fine-tuned model appended; the features behind them are computed in batches as its cursors are read.</summary>
internal sealed class ScoreView : OnnxView
{
    private readonly ScoreSchema _schema;
    private readonly EmbeddingDataView _features;
    private readonly Action<Action<FineTunedModel>> _use;

    /// <summary>Appends the columns.</summary>
    /// <param name="source">The input.</param>
    /// <param name="schema">The columns bound to its schema.</param>
    /// <param name="plan">Rows to read ahead, rows of a pass, whether to overlap.</param>
    /// <param name="use">Does something with the model, whose weights stay alive meanwhile.</param>
    public ScoreView(IDataView source, ScoreSchema schema, ScoringPlan plan, Action<Action<FineTunedModel>> use) : base(source)
    {
        (_schema, _use) = (schema, use);
        _features = new EmbeddingDataView(source, schema.Features, new bool[schema.Features.Columns.Count], plan);
    }

    /// <inheritdoc/>
    public override DataViewSchema Schema => _schema.Output;

    /// <inheritdoc/>
    public override bool CanShuffle => Source.CanShuffle;

    /// <inheritdoc/>
    public override long? GetRowCount() => Source.GetRowCount();

    /// <inheritdoc/>
    public override DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var needed = columnsNeeded.ToList();
        return new ScoreCursor(_schema, _features.GetRowCursor(_schema.Needed(needed), rand), needed);
    }

    /// <inheritdoc/>
    public override DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        var needed = columnsNeeded.ToList();
        return [.. _features.GetRowCursorSet(_schema.Needed(needed), n, rand).Select(cursor => new ScoreCursor(_schema, cursor, needed))];
    }

    /// <inheritdoc/>
    protected override IEnumerable<DataViewSchema.Column> OnnxInputs => _schema.Features.Bindings.SelectMany(binding => binding.Columns);

    /// <inheritdoc/>
    protected override void CheckOnnx() => _use(model => ScoreExport.Check(model));

    /// <inheritdoc/>
    protected override void SaveOnnx(OnnxPipeline pipeline) => _use(model => ScoreExport.Append(model, _schema, pipeline));
}
