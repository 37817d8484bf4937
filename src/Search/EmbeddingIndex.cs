using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Search;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Exact search for the most similar rows of a column of embeddings: every query is compared with every row, in blocks, on all cores, and only the
/// best matches are kept. The query may come from the other modality, as a transformer's two embedding columns are of one space. Made by
/// <c>mlContext.GentleClip().CreateEmbeddingIndex(...)</c>.
/// </summary>
/// <remarks>
/// Immutable and thread-safe. It holds a copy of the embeddings, scaled to unit length: 4 bytes a number. Matches of equal scores come in the order of
/// their rows, and neither the number of threads nor the company of other queries changes a result.
/// </remarks>
public sealed class EmbeddingIndex
{
    private readonly EmbeddingRows _rows;
    private readonly long[] _numbers;
    private readonly Hubness? _hubness;

    private EmbeddingIndex(EmbeddingRows rows, long[] numbers, long skipped, Hubness? hubness)
    {
        (_rows, _numbers, _hubness) = (rows, numbers, hubness);
        SkippedRowCount = skipped;
    }

    /// <summary>Length of an embedding.</summary>
    public int Dimension => _rows.Dimension;

    /// <summary>Number of rows that can be found.</summary>
    public int Count => _rows.Count;

    /// <summary>Number of rows left out because their embedding is absent.</summary>
    public long SkippedRowCount { get; }

    /// <summary>Whether scores are corrected for hubs; see <see cref="WithCsls"/>.</summary>
    public bool UsesCsls => _hubness is not null;

    /// <summary>Reads the rows to be searched.</summary>
    internal static EmbeddingIndex Create(IDataView data, string embeddingColumnName, CancellationToken cancellationToken)
    {
        var (rows, numbers, total) = Read(EmbeddingColumnReader.Find(data, embeddingColumnName), data, cancellationToken);
        return rows.Count > 0
            ? new EmbeddingIndex(rows, numbers, total - rows.Count, null)
            : throw new InvalidOperationException($"No row has an embedding '{embeddingColumnName}'.");
    }

    /// <summary>
    /// The same rows, ranked by CSLS (Conneau et al., Word Translation Without Parallel Data, 2018): twice the cosine, less the mean cosine of the row to
    /// its nearest embeddings of the queries' modality and that of the query to its nearest rows. Rows that are near to everything, hubs, lose by it.
    /// </summary>
    /// <param name="bank">
    /// Embeddings of the queries' modality that stand for what may be asked: the training's or the queries themselves. The more, the better.
    /// </param>
    /// <param name="embeddingColumnName">Their column; a row with NaN is left out.</param>
    /// <param name="neighbours">Number of nearest embeddings in the means, at least 1; all where there are fewer. Default 10.</param>
    /// <param name="cancellationToken">Stops the computation.</param>
    /// <exception cref="ArgumentException">The column is not there or of an unfit type or size.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="neighbours"/> is below 1.</exception>
    /// <exception cref="InvalidOperationException">An embedding is infinite, or all are absent.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public EmbeddingIndex WithCsls(IDataView bank, string embeddingColumnName, int neighbours = 10, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(neighbours, 1);
        var (rows, _, _) = Read(Column(bank, embeddingColumnName), bank, cancellationToken);
        if (rows.Count == 0)
            throw new InvalidOperationException($"No row of the bank has an embedding '{embeddingColumnName}'.");
        var radii = NearestRows.Find(_rows, rows, neighbours, cancellationToken: cancellationToken).Select(Hubness.MeanScore).ToArray();
        return new EmbeddingIndex(_rows, _numbers, SkippedRowCount, new Hubness(radii, neighbours));
    }

    /// <summary>The best rows for one query, best first.</summary>
    /// <example>
    /// <code>
    /// EmbeddingIndex index = mlContext.GentleClip().CreateEmbeddingIndex(model.Transform(data), "ImageEmbedding");
    /// foreach (float[] query in model.Transform(test).GetColumn&lt;float[]&gt;("SpectrumEmbedding"))
    ///     Console.WriteLine(index.Search(query, count: 3)[0].Row);
    /// </code>
    /// </example>
    /// <param name="query">An embedding of length <see cref="Dimension"/>; it need not be a unit vector.</param>
    /// <param name="count">Rows wanted, at least 1; all where there are fewer.</param>
    /// <returns>The matches; none where the query has a NaN.</returns>
    /// <exception cref="ArgumentException">The query has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    /// <exception cref="InvalidOperationException">The query has an infinite value.</exception>
    public IReadOnlyList<EmbeddingMatch> Search(ReadOnlySpan<float> query, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (query.Length != Dimension)
            throw new ArgumentException($"The query has {query.Length} dimensions; expected {Dimension}.", nameof(query));
        if (EmbeddingColumnReader.IsAbsent(query, nameof(query), 0))
            return [];
        var rows = new EmbeddingRows(Dimension, 1);
        rows.Add(query);
        return Search(rows, count, CancellationToken.None)[0];
    }

    /// <summary>The best rows for each query of a view, best first.</summary>
    /// <example>
    /// <code>
    /// EmbeddingIndex index = mlContext.GentleClip().CreateEmbeddingIndex(model.Transform(data), "ImageEmbedding");
    /// var found = index.Search(model.Transform(test), "SpectrumEmbedding", count: 3);
    /// </code>
    /// </example>
    /// <param name="queries">The queries; mostly rows of the other modality.</param>
    /// <param name="embeddingColumnName">Their embeddings, of length <see cref="Dimension"/>.</param>
    /// <param name="count">Rows wanted for each, at least 1; all where there are fewer.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    /// <returns>The matches of each row of <paramref name="queries"/>, in its order; none for a row whose embedding is absent.</returns>
    /// <exception cref="ArgumentException">The column is not there or of an unfit type or size.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    /// <exception cref="InvalidOperationException">An embedding is infinite.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public IReadOnlyList<IReadOnlyList<EmbeddingMatch>> Search(
        IDataView queries, string embeddingColumnName, int count, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var (rows, numbers, total) = Read(Column(queries, embeddingColumnName), queries, cancellationToken);
        var results = new IReadOnlyList<EmbeddingMatch>[total];
        Array.Fill(results, []);
        foreach (var (number, matches) in numbers.Zip(Search(rows, count, cancellationToken)))
            results[number] = matches;
        return results;
    }

    private EmbeddingMatch[][] Search(EmbeddingRows queries, int count, CancellationToken cancellationToken)
    {
        var found = NearestRows.Find(queries, _rows, count, _hubness?.Radii, cancellationToken);
        var radii = _hubness is null
            ? null
            : NearestRows.Find(queries, _rows, _hubness.Neighbours, cancellationToken: cancellationToken).Select(Hubness.MeanScore).ToArray();
        return [.. found.Select((matches, query) =>
            Array.ConvertAll(matches, match => new EmbeddingMatch(_numbers[match.Row], match.Score - (radii?[query] ?? 0))))];
    }

    private EmbeddingColumnReader Column(IDataView data, string name)
    {
        var column = EmbeddingColumnReader.Find(data, name);
        return column.Dimension == Dimension
            ? column
            : throw new ArgumentException($"Embedding column '{name}' has {column.Dimension} dimensions; expected {Dimension}.");
    }

    private static (EmbeddingRows Rows, long[] Numbers, long Total) Read(EmbeddingColumnReader column, IDataView data, CancellationToken cancellationToken)
    {
        var (rows, numbers, total) = (new EmbeddingRows(column.Dimension), new List<long>(), 0L);
        using var cursor = Columns.Open(data, column.Column);
        column.Open(cursor);
        for (; cursor.MoveNext(); total++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (column.Read(total) is not { IsEmpty: false } embedding)
                continue;
            rows.Add(embedding);
            numbers.Add(total);
        }
        return (rows, [.. numbers], total);
    }
}
