namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>Collects the rows that have both embeddings; rows of one item become one.</summary>
internal sealed class EmbeddingPairReader(string nameA, string nameB, int dimension, int capacity, bool scale = true)
{
    private readonly EmbeddingItems _itemsA = new(nameA, dimension, capacity, scale);
    private readonly EmbeddingItems _itemsB = new(nameB, dimension, capacity, scale);
    private readonly List<(int A, int B)> _pairs = new(capacity);
    private long _rows;
    private long _pairedRows;
    private long _lackingA;
    private long _lackingB;
    private bool _hasItems;

    /// <summary>Embeddings of the items of A.</summary>
    public EmbeddingRows A => _itemsA.Rows;

    /// <summary>Embeddings of the items of B; row for row those of A if no items are named.</summary>
    public EmbeddingRows B => _itemsB.Rows;

    /// <summary>Which items belong together.</summary>
    public PairLinks Links => new(_hasItems ? [.. _pairs.Distinct()] : _pairs, A.Count, B.Count);

    /// <summary>Rows that lack an embedding.</summary>
    public long SkippedRowCount => _rows - _pairedRows;

    /// <summary>Reads two columns of a view.</summary>
    /// <exception cref="ArgumentException">A column is not there or of an unfit type, or the embeddings' sizes differ.</exception>
    /// <exception cref="InvalidOperationException">An embedding is infinite, no row has both, or an item has several embeddings.</exception>
    public static EmbeddingPairReader Read(
        IDataView data, string nameA, string nameB, string? itemA = null, string? itemB = null, bool scale = true,
            CancellationToken cancellationToken = default)
    {
        var (a, b) = EmbeddingColumnReader.FindBoth(data, nameA, data, nameB);
        var keyA = itemA is null ? null : LabelColumnReader.Find(data, itemA, "item");
        var keyB = itemB is null ? null : LabelColumnReader.Find(data, itemB, "item");
        var reader = new EmbeddingPairReader(nameA, nameB, a.Dimension, (int)Math.Min(data.GetRowCount() ?? 0, 1 << 16),
            scale)
        { _hasItems = keyA is not null || keyB is not null };
        using var cursor = Columns.Open(data, a.Column, b.Column, keyA?.Column, keyB?.Column);
        a.Open(cursor);
        b.Open(cursor);
        keyA?.Open(cursor);
        keyB?.Open(cursor);
        for (var row = 0L; cursor.MoveNext(); row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            reader.Add(a.Read(row), b.Read(row), keyA?.Read(), keyB?.Read());
        }
        return reader.Checked();
    }

    /// <summary>Reads two row-major matrices.</summary>
    public static EmbeddingPairReader Read(ReadOnlySpan<float> a, ReadOnlySpan<float> b, int rows, int dimension)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        if (a.Length != (long)rows * dimension || b.Length != (long)rows * dimension)
            throw new ArgumentException(
                $"Expected {rows} x {dimension} = {(long)rows * dimension} values on each side, but found {a.Length} in {nameof(a)} and {b.Length} in "
                    + $"{nameof(b)}.");

        var reader = new EmbeddingPairReader(nameof(a), nameof(b), dimension, rows);
        for (var row = 0; row < rows; row++)
            reader.Add(Present(a, nameof(a)), Present(b, nameof(b)), null, null);
        return reader.Checked();

        ReadOnlySpan<float> Present(ReadOnlySpan<float> matrix, string name)
        {
            var embedding = matrix.Slice((int)reader._rows * dimension, dimension);
            return EmbeddingColumnReader.IsAbsent(embedding, name, reader._rows) ? [] : embedding;
        }
    }

    private void Add(ReadOnlySpan<float> a, ReadOnlySpan<float> b, string? itemA, string? itemB)
    {
        _lackingA += a.IsEmpty ? 1 : 0;
        _lackingB += b.IsEmpty ? 1 : 0;
        if (!a.IsEmpty && !b.IsEmpty)
        {
            _pairs.Add((_itemsA.Add(a, itemA, _rows), _itemsB.Add(b, itemB, _rows)));
            _pairedRows++;
        }
        _rows++;
    }

    private EmbeddingPairReader Checked() => A.Count > 0
        ? this
        : throw new InvalidOperationException(
            $"No row has both embeddings: of {_rows} rows, {_lackingA} lack '{nameA}' and {_lackingB} lack '{nameB}'. Retrieval needs matched pairs.");
}
