using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>Maps single rows to those of a fine-tuned model, as a prediction engine does.</summary>
/// <param name="schema">The bound columns.</param>
/// <param name="plan">How rows are computed.</param>
internal sealed class ScoreRowMapper(ScoreSchema schema, ScoringPlan plan) : IRowToRowMapper
{
    private readonly EmbeddingRowMapper _features = new(schema.Features, plan);

    /// <inheritdoc/>
    public DataViewSchema InputSchema => schema.Input;

    /// <inheritdoc/>
    public DataViewSchema OutputSchema => schema.Output;

    /// <inheritdoc/>
    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) =>
        _features.GetDependencies(schema.Needed(dependingColumns));

    /// <inheritdoc/>
    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(activeColumns);
        var active = activeColumns.ToList();
        return new ScoreRow(schema, _features.GetRow(input, schema.Needed(active)), active);
    }
}
