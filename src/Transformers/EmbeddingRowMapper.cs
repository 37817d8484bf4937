using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>Maps single rows, as a prediction engine does.</summary>
/// <param name="schema">The bound columns.</param>
/// <param name="plan">How rows are computed.</param>
internal sealed class EmbeddingRowMapper(EmbeddingSchema schema, ScoringPlan plan) : IRowToRowMapper
{
    /// <inheritdoc/>
    public DataViewSchema InputSchema => schema.Input;

    /// <inheritdoc/>
    public DataViewSchema OutputSchema => schema.Output;

    /// <inheritdoc/>
    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) =>
        schema.Dependencies(dependingColumns);

    /// <inheritdoc/>
    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(activeColumns);
        return new EmbeddingRow(schema, input, activeColumns, plan);
    }
}
