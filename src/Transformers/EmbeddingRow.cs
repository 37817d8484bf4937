using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
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
    public EmbeddingRow(EmbeddingSchema schema, DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns, ScoringPlan plan)
    {
        _schema = schema;
        _input = input;
        _active = new bool[schema.Output.Count];
        _embeddingGetters = new Delegate?[schema.Output.Count];
        var active = activeColumns.DistinctBy(column => column.Index).ToList();
        active.ForEach(column => _active[column.Index] = true);
        // Columns of one side are computed together.
        foreach (var side in active.Where(column => schema.EmbeddingOf(column) >= 0).GroupBy(column => schema.Columns[schema.EmbeddingOf(column)].Tower))
        {
            var columns = side.Select(column => (Column: schema.Columns[schema.EmbeddingOf(column)], Index: column.Index)).ToArray();
            var computed = new SideOfRow(_input, schema.Bindings[schema.EmbeddingOf(side.First())], [.. columns.Select(column => column.Column)], plan);
            foreach (var (number, column) in columns.Index())
                _embeddingGetters[column.Index] = computed.Getter(number);
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

    /// <summary>The columns of one side of the model at the row's position.</summary>
    private sealed class SideOfRow(DataViewRow input, ModalityBinding binding, EmbeddingColumn[] columns, ScoringPlan plan)
    {
        private readonly ExampleReader _reader = binding.Open(input);
        private readonly (ColumnOutput Output, float[] Values)[] _columns = [.. columns.Select(column => (column.Output, new float[column.Dimension]))];
        private readonly RowIdentity _computed = new(input);

        public ValueGetter<VBuffer<float>> Getter(int number) => (ref VBuffer<float> value) =>
        {
            var values = _columns[number].Values;
            columns[number].ThrowIfDisposed();
            if (!_computed.IsKept)
            {
                _computed.Forget();
                Compute();
                _computed.Keep();
            }
            var editor = VBufferEditor.Create(ref value, values.Length);
            values.CopyTo(editor.Values);
            value = editor.Commit();
        };

        // The store lives no longer than the forward pass: ML.NET's prediction engine disposes its input row, but never the row it reads.
        private void Compute()
        {
            if (_reader.Read() != Presence.Present)
            {
                foreach (var (_, values) in _columns)
                    Array.Fill(values, float.NaN);
                return;
            }
            using var example = binding.CreateStore();
            example.Add(_reader);
            columns[0].Tower.RunTogether(example, plan, _columns);
        }
    }
}
