using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>A row with embeddings appended, each computed when it is first asked for.</summary>
internal sealed class EmbeddingRow : DataViewRow
{
    private readonly EmbeddingSchema _schema;
    private readonly DataViewRow _input;
    private readonly Delegate?[] _embeddingGetters;
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
            _input.Dispose();
        base.Dispose(disposing);
    }

    private ValueGetter<VBuffer<float>> Getter(int embedding)
    {
        var (column, binding) = (_schema.Columns[embedding], _schema.Bindings[embedding]);
        var reader = binding.Open(_input);
        var slots = new float[column.Dimension];
        var computed = new RowIdentity(_input);
        return (ref VBuffer<float> value) =>
        {
            column.ThrowIfDisposed();
            if (!computed.IsKept)
            {
                computed.Forget();
                Compute(column, binding, reader, slots);
                computed.Keep();
            }
            var editor = VBufferEditor.Create(ref value, slots.Length);
            slots.CopyTo(editor.Values);
            value = editor.Commit();
        };
    }

    // The store lives no longer than the forward pass: ML.NET's prediction engine disposes its input row, but never the row it reads.
    private static void Compute(EmbeddingColumn column, ModalityBinding binding, ExampleReader reader, Span<float> target)
    {
        if (reader.Read() != Presence.Present)
        {
            target.Fill(float.NaN);
            return;
        }
        using var example = binding.CreateStore();
        example.Add(reader);
        column.Embed(example, [0], target);
    }
}
