namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>A data view with embedding columns appended, computed in batches as its cursors are read.</summary>
internal sealed class EmbeddingDataView : IDataView
{
    /// <summary>Rows of a forward pass when scoring.</summary>
    public const int DefaultWindow = 256;

    private readonly EmbeddingSchema _schema;
    private readonly IDataView _source;
    private readonly bool[] _required;
    private readonly int _window;

    /// <summary>Appends embedding columns.</summary>
    /// <param name="source">The input.</param>
    /// <param name="schema">The columns bound to its schema.</param>
    /// <param name="required">Per embedding column, whether rows without it are left out.</param>
    /// <param name="window">Rows to read ahead, which is rows of a forward pass.</param>
    public EmbeddingDataView(IDataView source, EmbeddingSchema schema, bool[] required, int window = DefaultWindow)
    {
        _source = source;
        _schema = schema;
        _required = required;
        _window = window;
    }

    /// <inheritdoc/>
    public DataViewSchema Schema => _schema.Output;

    /// <inheritdoc/>
    public bool CanShuffle => _source.CanShuffle;

    private bool KeepsEveryRow => !_required.Contains(true);

    /// <inheritdoc/>
    public long? GetRowCount() => KeepsEveryRow ? _source.GetRowCount() : null;

    /// <inheritdoc/>
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var needed = columnsNeeded.ToList();
        return Wrap(_source.GetRowCursor(Dependencies(needed), rand), needed);
    }

    /// <inheritdoc/>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        var needed = columnsNeeded.ToList();
        return [.. _source.GetRowCursorSet(Dependencies(needed), n, rand).Select(cursor => Wrap(cursor, needed))];
    }

    private List<DataViewSchema.Column> Dependencies(List<DataViewSchema.Column> needed)
    {
        var required = _schema.Output.Where(column => _schema.EmbeddingOf(column) is >= 0 and var embedding && _required[embedding]);
        return [.. _schema.Dependencies(needed.Concat(required))];
    }

    private DataViewRowCursor Wrap(DataViewRowCursor source, List<DataViewSchema.Column> needed)
    {
        if (KeepsEveryRow && needed.TrueForAll(column => _schema.EmbeddingOf(column) < 0))
            return new PassThroughCursor(_schema, source);
        try
        {
            return new EmbeddingCursor(_schema, source, needed, _required, _window);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }
}
