using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>A row with embeddings appended, each computed when it is first asked for at a position.</summary>
internal sealed class EmbeddingRow : DataViewRow
{
    private const long NotComputed = -2;

    private readonly EmbeddingSchema _schema;
    private readonly DataViewRow _input;
    private readonly Delegate?[] _embeddingGetters;
    private readonly List<EmbeddingWindow> _windows = [];
    private readonly bool[] _active;

    /// <summary>Wraps a row of the input.</summary>
    public EmbeddingRow(EmbeddingSchema schema, DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        _schema = schema;
        _input = input;
        _active = new bool[schema.Output.Count];
        _embeddingGetters = new Delegate?[schema.Output.Count];
        foreach (var column in activeColumns.DistinctBy(column => column.Index))
        {
            _active[column.Index] = true;
            if (schema.EmbeddingOf(column) is >= 0 and var embedding)
                _embeddingGetters[column.Index] = Getter(embedding);
        }
    }

    /// <inheritdoc/>
    public override DataViewSchema Schema => _schema.Output;

    /// <inheritdoc/>
    public override long Position => _input.Position;

    /// <inheritdoc/>
    public override long Batch => _input.Batch;

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        RowGetters.Check<TValue>(column, _active[column.Index]);
        return _schema.EmbeddingOf(column) < 0
            ? _input.GetGetter<TValue>(_schema.Input[column.Index])
            : (ValueGetter<TValue>)_embeddingGetters[column.Index]!;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var window in _windows)
                window.Dispose();
            _input.Dispose();
        }
        base.Dispose(disposing);
    }

    private ValueGetter<VBuffer<float>> Getter(int embedding)
    {
        var reader = _schema.Bindings[embedding].Open(_input);
        var window = new EmbeddingWindow(_schema.Columns[embedding], _schema.Bindings[embedding], rows: 1);
        _windows.Add(window);
        var computed = NotComputed;
        return (ref VBuffer<float> value) =>
        {
            _schema.Columns[embedding].ThrowIfDisposed();
            if (_input.Position != computed)
            {
                computed = NotComputed;
                window.Clear();
                window.Set(0, reader, reader.Read());
                window.Compute();
                computed = _input.Position;
            }
            window.CopyTo(0, ref value);
        };
    }
}
