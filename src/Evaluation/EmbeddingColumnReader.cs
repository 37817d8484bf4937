using System.Numerics.Tensors;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>Reads one embedding column row by row.</summary>
internal sealed class EmbeddingColumnReader
{
    private readonly float[] _row;
    private ValueGetter<VBuffer<float>>? _getter;
    private VBuffer<float> _value;

    private EmbeddingColumnReader(DataViewSchema.Column column, int dimension)
    {
        (Column, Dimension) = (column, dimension);
        _row = new float[dimension];
    }

    /// <summary>The column.</summary>
    public DataViewSchema.Column Column { get; }

    /// <summary>Number of values in an embedding.</summary>
    public int Dimension { get; }

    /// <summary>Finds a column and checks its type.</summary>
    /// <exception cref="ArgumentException">The column is not there or not a vector of Single of known size.</exception>
    public static EmbeddingColumnReader Find(IDataView data, string name)
    {
        ArgumentNullException.ThrowIfNull(data);
        var column = Columns.Find(data, name, "embedding");
        return column.Type is VectorDataViewType { IsKnownSize: true } vector && vector.ItemType == NumberDataViewType.Single
            ? new(column, vector.Size)
            : throw new ArgumentException($"Embedding column '{name}' must be a vector of Single of known size, but is {column.Type}.");
    }

    /// <summary>Finds two columns of one size.</summary>
    /// <exception cref="ArgumentException">A column is not there or not a vector of Single, or their sizes differ.</exception>
    public static (EmbeddingColumnReader A, EmbeddingColumnReader B) FindBoth(IDataView dataA, string nameA, IDataView dataB, string nameB)
    {
        var (a, b) = (Find(dataA, nameA), Find(dataB, nameB));
        return a.Dimension == b.Dimension
            ? (a, b)
            : throw new ArgumentException(
                $"Embedding columns must be of one size, but '{nameA}' has {a.Dimension} dimensions and '{nameB}' has {b.Dimension}.");
    }

    /// <summary>Reads from this row or cursor from now on.</summary>
    public void Open(DataViewRow row) => _getter = row.GetGetter<VBuffer<float>>(Column);

    /// <summary>
    /// The embedding of the row the cursor is at, none where it is absent: NaN in any slot, or a vector of length 0 (a null array under a fixed size).
    /// </summary>
    /// <param name="row">Number of the row, for errors.</param>
    /// <exception cref="InvalidOperationException">The embedding is infinite.</exception>
    public ReadOnlySpan<float> Read(long row)
    {
        _getter!(ref _value);
        if (_value.Length == 0)
            return [];
        if (_value.Length != _row.Length)
            throw RowErrors.WrongLength(row, Column.Name, _value.Length, _row.Length);
        _value.CopyTo(_row);
        return IsAbsent(_row, Column.Name, row) ? [] : _row;
    }

    /// <summary>Whether an embedding is absent.</summary>
    /// <exception cref="InvalidOperationException">It is infinite.</exception>
    public static bool IsAbsent(ReadOnlySpan<float> embedding, string name, long row)
    {
        var largest = embedding.IsEmpty ? float.NaN : TensorPrimitives.MaxMagnitude(embedding); // NaN if any value is
        return !float.IsInfinity(largest)
            ? float.IsNaN(largest)
            : throw new InvalidOperationException(
                $"The embedding '{name}' of row {row} is {largest} in slot {embedding.IndexOf(largest)}; embeddings must be finite, or NaN where absent.");
    }
}
