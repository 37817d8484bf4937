using System.Numerics.Tensors;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>Collects the rows that have both embeddings.</summary>
internal sealed class EmbeddingPairReader(string nameA, string nameB, int dimension, int capacity)
{
    private long _rows;
    private long _lackingA;
    private long _lackingB;

    /// <summary>Embeddings of A.</summary>
    public UnitRows A { get; } = new(dimension, capacity);

    /// <summary>Embeddings of B, row for row.</summary>
    public UnitRows B { get; } = new(dimension, capacity);

    /// <summary>Rows that lack an embedding.</summary>
    public long SkippedRowCount => _rows - A.Count;

    /// <summary>Reads two columns of a view.</summary>
    /// <exception cref="ArgumentException">A column is not there or not a vector of Single, or their sizes differ.</exception>
    /// <exception cref="InvalidOperationException">An embedding is infinite, or no row has both.</exception>
    public static EmbeddingPairReader Read(IDataView data, string nameA, string nameB, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        var (columnA, sizeA) = Find(data, nameA);
        var (columnB, sizeB) = Find(data, nameB);
        if (sizeA != sizeB)
            throw new ArgumentException($"Embedding columns must be of one size, but '{nameA}' has {sizeA} dimensions and '{nameB}' has {sizeB}.");

        var reader = new EmbeddingPairReader(nameA, nameB, sizeA, (int)Math.Min(data.GetRowCount() ?? 0, 1 << 16));
        using var cursor = data.GetRowCursor(nameA == nameB ? [columnA] : [columnA, columnB]);
        var (getA, getB) = (cursor.GetGetter<VBuffer<float>>(columnA), cursor.GetGetter<VBuffer<float>>(columnB));
        VBuffer<float> a = default, b = default;
        var (rowA, rowB) = (new float[sizeA], new float[sizeB]);
        while (cursor.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            getA(ref a);
            getB(ref b);
            reader.Add(Dense(a, rowA), Dense(b, rowB));
        }
        return reader.Checked();
    }

    /// <summary>Reads two row-major matrices.</summary>
    public static EmbeddingPairReader Read(ReadOnlySpan<float> a, ReadOnlySpan<float> b, int rows, int dimension)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        if (a.Length != (long)rows * dimension || b.Length != (long)rows * dimension)
            throw new ArgumentException($"Expected {rows} x {dimension} = {(long)rows * dimension} values on each side, but found {a.Length} in {nameof(a)} and {b.Length} in {nameof(b)}.");

        var reader = new EmbeddingPairReader(nameof(a), nameof(b), dimension, rows);
        for (var row = 0; row < rows; row++)
            reader.Add(a.Slice(row * dimension, dimension), b.Slice(row * dimension, dimension));
        return reader.Checked();
    }

    private static (DataViewSchema.Column Column, int Size) Find(IDataView data, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var column = data.Schema.GetColumnOrNull(name)
            ?? throw new ArgumentException($"There is no embedding column '{name}'. Columns: {string.Join(", ", data.Schema.Where(column => !column.IsHidden).Select(column => column.Name))}.");
        return column.Type is VectorDataViewType { IsKnownSize: true } vector && vector.ItemType == NumberDataViewType.Single
            ? (column, vector.Size)
            : throw new ArgumentException($"Embedding column '{name}' must be a vector of Single of known size, but is {column.Type}.");
    }

    /// <summary>The values, none for a vector of length 0 (a null array under a fixed size), which is absent.</summary>
    private static ReadOnlySpan<float> Dense(in VBuffer<float> value, float[] row)
    {
        if (value.Length == 0)
            return [];
        value.CopyTo(row);
        return row;
    }

    private void Add(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var (absentA, absentB) = (IsAbsent(a, nameA), IsAbsent(b, nameB));
        _rows++;
        _lackingA += absentA ? 1 : 0;
        _lackingB += absentB ? 1 : 0;
        if (absentA || absentB)
            return;
        A.Add(a);
        B.Add(b);
    }

    private bool IsAbsent(ReadOnlySpan<float> embedding, string name)
    {
        var largest = embedding.IsEmpty ? float.NaN : TensorPrimitives.MaxMagnitude(embedding); // NaN if any value is
        return !float.IsInfinity(largest)
            ? float.IsNaN(largest)
            : throw new InvalidOperationException(
                $"The embedding '{name}' of row {_rows} is {largest} in slot {embedding.IndexOf(largest)}; embeddings must be finite, or NaN where absent.");
    }

    private EmbeddingPairReader Checked() => A.Count > 0
        ? this
        : throw new InvalidOperationException($"No row has both embeddings: of {_rows} rows, {_lackingA} lack '{nameA}' and {_lackingB} lack '{nameB}'. Retrieval needs matched pairs.");
}
