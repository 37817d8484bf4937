namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>Getters of a row with the columns of a fine-tuned model: its own, and those of the row before.</summary>
internal sealed class ScoreGetters
{
    private readonly ScoreSchema _schema;
    private readonly DataViewRow _source;
    private readonly Delegate?[] _scores;
    private readonly HashSet<int> _active;

    /// <summary>Opens what is asked for.</summary>
    /// <param name="schema">The bound columns.</param>
    /// <param name="source">A row that has the features, where a column of the model is asked for.</param>
    /// <param name="active">The output columns asked for.</param>
    public ScoreGetters(ScoreSchema schema, DataViewRow source, IEnumerable<DataViewSchema.Column> active)
    {
        (_schema, _source) = (schema, source);
        _active = [.. active.Select(column => column.Index)];
        _scores = new Delegate?[schema.Columns.Count];
        if (!_active.Any(index => index >= schema.Input.Count))
            return;
        var score = new RowScore(schema, source);
        for (var i = 0; i < _scores.Length; i++)
            _scores[i] = _active.Contains(schema.Input.Count + i) ? score.Getter(i) : null;
    }

    /// <summary>Whether a column was asked for.</summary>
    public bool IsActive(DataViewSchema.Column column) => _active.Contains(column.Index);

    /// <summary>A getter.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is not active.</exception>
    /// <exception cref="InvalidOperationException">The column has another type.</exception>
    public ValueGetter<TValue> Get<TValue>(DataViewSchema.Column column)
    {
        RowGetters.Check<TValue>(column, IsActive(column));
        return _schema.ScoreOf(column) is >= 0 and var score
            ? (ValueGetter<TValue>)_scores[score]!
            : _source.GetGetter<TValue>(_schema.Features.Output[column.Index]);
    }
}
