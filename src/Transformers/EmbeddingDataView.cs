using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>A data view with embedding columns appended, computed in batches as its cursors are read.</summary>
internal sealed class EmbeddingDataView : OnnxView
{
    /// <summary>Rows to read ahead when scoring.</summary>
    public const int DefaultWindow = ScoringPlan.DefaultWindow;

    private readonly EmbeddingSchema _schema;
    private readonly bool[] _required;
    private readonly ScoringPlan _plan;

    /// <summary>Appends embedding columns.</summary>
    /// <param name="source">The input.</param>
    /// <param name="schema">The columns bound to its schema.</param>
    /// <param name="required">Per embedding column, whether rows without it are left out.</param>
    /// <param name="plan">Rows to read ahead, rows of a pass, whether to overlap.</param>
    public EmbeddingDataView(IDataView source, EmbeddingSchema schema, bool[] required, ScoringPlan plan) : base(source)
    {
        _schema = schema;
        _required = required;
        _plan = plan;
    }

    /// <inheritdoc/>
    public override DataViewSchema Schema => _schema.Output;

    /// <inheritdoc/>
    public override bool CanShuffle => Source.CanShuffle;

    private bool KeepsEveryRow => !_required.Contains(true);

    /// <inheritdoc/>
    public override long? GetRowCount() => KeepsEveryRow ? Source.GetRowCount() : null;

    /// <inheritdoc/>
    public override DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var needed = columnsNeeded.ToList();
        return Wrap(Source.GetRowCursor(Dependencies(needed), rand), needed, _plan);
    }

    /// <inheritdoc/>
    public override DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        var needed = columnsNeeded.ToList();
        var cursors = Source.GetRowCursorSet(Dependencies(needed), n, rand);
        // Cursors of a set are read by threads of their own: more of them would only be in each other's way.
        var plan = cursors.Length > 1 ? _plan with { Overlap = false } : _plan;
        return [.. cursors.Select(cursor => Wrap(cursor, needed, plan))];
    }

    /// <inheritdoc/>
    protected override IEnumerable<DataViewSchema.Column> OnnxInputs => _schema.Bindings.SelectMany(binding => binding.Columns);

    /// <inheritdoc/>
    protected override void CheckOnnx() => EmbeddingExport.Check(_schema);

    /// <inheritdoc/>
    protected override void SaveOnnx(OnnxPipeline pipeline) => EmbeddingExport.Append(_schema, pipeline);

    private List<DataViewSchema.Column> Dependencies(List<DataViewSchema.Column> needed)
    {
        var required = _schema.Output.Where(column => _schema.EmbeddingOf(column) is >= 0 and var embedding && _required[embedding]);
        return [.. _schema.Dependencies(needed.Concat(required))];
    }

    private DataViewRowCursor Wrap(DataViewRowCursor source, List<DataViewSchema.Column> needed, ScoringPlan plan)
    {
        if (KeepsEveryRow && needed.TrueForAll(column => _schema.EmbeddingOf(column) < 0))
            return new PassThroughCursor(_schema, source);
        try
        {
            return new EmbeddingCursor(_schema, source, needed, _required, plan);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }
}
