using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Search;

/// <summary>Columns that a matcher computes from an embedding.</summary>
/// <param name="matcher">The matcher.</param>
/// <param name="embedding">Column of the embedding.</param>
/// <param name="report">Told at the end of a cursor how many rows it read, and how many of them had no embedding.</param>
internal abstract class MatcherColumns(ModalityMatcher matcher, DataViewSchema.Column embedding, Action<long, long> report) : AppendedColumns(embedding)
{
    /// <summary>The matcher.</summary>
    protected ModalityMatcher Matcher => matcher;

    /// <summary>Finds the embedding column and checks its type.</summary>
    protected static DataViewSchema.Column Find(ModalityMatcher matcher, DataViewSchema schema, string embeddingColumn)
    {
        var column = schema.GetColumnOrNull(embeddingColumn) ?? throw SchemaErrors.Missing("embedding", embeddingColumn, schema);
        return column.Type is VectorDataViewType vector && vector.ItemType == NumberDataViewType.Single && vector.Size == matcher.Dimension
            ? column
            : throw SchemaErrors.Mismatch(
                "embedding", column.Name, $"{new VectorDataViewType(NumberDataViewType.Single, matcher.Dimension)}", $"{column.Type}");
    }

    /// <summary>Getters of all columns.</summary>
    protected abstract Delegate?[] CreateGetters(Query query);

    /// <inheritdoc/>
    protected override void CheckOnnx(OnnxPipeline pipeline) =>
        throw new NotSupportedException($"Column '{Outputs[0].Name}' of a modality matcher cannot be part of an ONNX graph. "
            + "Convert without it, and match the embeddings.");

    /// <inheritdoc/>
    protected override void SaveOnnx(OnnxPipeline pipeline) => CheckOnnx(pipeline);

    /// <inheritdoc/>
    protected override Delegate?[] CreateGetters(DataViewRow row, Func<int, bool> isActive) => CreateGetters(row, isActive, out _);

    /// <inheritdoc/>
    protected override Delegate?[] CreateGetters(DataViewRow row, Func<int, bool> isActive, out Action? disposer)
    {
        if (!Enumerable.Range(0, Outputs.Length).Any(isActive))
        {
            disposer = null;
            return new Delegate?[Outputs.Length];
        }
        var query = new Query(this, row);
        disposer = () => report(query.Rows, query.AbsentRows);
        return [.. CreateGetters(query).Select((getter, i) => isActive(i) ? getter : null)];
    }

    /// <summary>The current row of one cursor, compared with the bank at most once.</summary>
    protected sealed class Query(MatcherColumns columns, DataViewRow row)
    {
        private readonly ValueGetter<VBuffer<float>> _getter = row.GetGetter<VBuffer<float>>(columns.Input);
        private readonly float[] _dense = new float[columns.Matcher.Dimension];
        private readonly RowIdentity _compared = new(row);
        private VBuffer<float> _value;
        private bool _isPresent;

        public ModalityMatcher.Work Work { get; } = new(columns.Matcher.Count);

        /// <summary>Rows compared so far.</summary>
        public long Rows { get; private set; }

        public long AbsentRows { get; private set; }

        /// <summary>Compares; false where the row has no embedding.</summary>
        public bool Read()
        {
            if (_compared.IsKept)
                return _isPresent;
            _compared.Forget();
            _getter(ref _value);
            if (_value.Length != 0 && _value.Length != _dense.Length)
                throw RowErrors.WrongLength(row.Position, columns.Input.Name, _value.Length, _dense.Length);
            _value.CopyTo(_dense);
            _isPresent = columns.Matcher.Compare(_value.Length == 0 ? [] : _dense, columns.Input.Name, row.Position, Work);
            _compared.Keep();
            Rows++;
            AbsentRows += _isPresent ? 0 : 1;
            return _isPresent;
        }
    }
}
