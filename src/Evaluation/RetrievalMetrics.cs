using System.Globalization;
using Microsoft.ML.GentleClip.Evaluation;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Cross-modal retrieval over matched pairs: each embedding of one modality ranks all embeddings of the other by cosine similarity,
/// and the rank of its true partner is what counts. Made by <c>mlContext.GentleClip().EvaluateRetrieval(...)</c>.
/// </summary>
/// <remarks>
/// <para>The result is exact: all pairs of rows are compared, in time rows x rows x dimension and memory rows x dimension.
/// It does not depend on the number of threads.</para>
/// <para>Ties are counted as if broken at random: a partner with g better and e equally similar candidates has rank 1 + g + e / 2, and its
/// recall and reciprocal rank are the expected ones. Embeddings that are all the same therefore score what guessing scores,
/// <see cref="ChanceRecallAt"/>. Two similarities are equal if they are so in single precision,
/// which tells directions apart that differ by about 0.03 degrees or more. An embedding of zeros has similarity 0 with all.</para>
/// <para>Duplicates: where one sample occurs in several rows (an image with five captions, a sequence with several structures), name the
/// columns that tell which sample of A and of B a row holds. Each item then is one query and one candidate, represented by its first row,
/// and its partners are all items of the other side that share a row with it. The rank is that of the best partner; the others do not stand
/// in its way. With p partners among the equally similar the expected rank is 1 + g + e / (p + 1). Without such columns every row is an
/// item of its own, and the copies of a query's own partner count as wrong candidates that tie with it.</para>
/// </remarks>
public sealed class RetrievalMetrics
{
    internal static readonly int[] DefaultK = [1, 5, 10];

    private readonly RetrievalDirectionMetrics _chanceAToB;
    private readonly RetrievalDirectionMetrics _chanceBToA;

    internal RetrievalMetrics(CandidateCounts aToB, CandidateCounts bToA, int count, long skippedRowCount, int[] k)
    {
        K = k;
        Count = count;
        SkippedRowCount = skippedRowCount;
        (AToB, BToA) = (new(aToB), new(bToA));
        (_chanceAToB, _chanceBToA) = (AToB.Chance(), BToA.Chance());
    }

    /// <summary>Number of pairs: rows in which both embeddings are there; where items are named, distinct pairs of items.</summary>
    public int Count { get; }

    /// <summary>Number of rows left out because an embedding is absent (NaN in any slot, or an empty vector).</summary>
    public long SkippedRowCount { get; }

    /// <summary>The numbers of candidates that <see cref="ToString"/> lists. <see cref="RecallAt"/> takes others as well.</summary>
    public IReadOnlyList<int> K { get; }

    /// <summary>Samples of A looking for their partner among those of B.</summary>
    public RetrievalDirectionMetrics AToB { get; }

    /// <summary>Samples of B looking for their partner among those of A.</summary>
    public RetrievalDirectionMetrics BToA { get; }

    /// <summary>Mean of both directions' <see cref="RetrievalDirectionMetrics.MeanReciprocalRank"/>.</summary>
    public double MeanReciprocalRank => (AToB.MeanReciprocalRank + BToA.MeanReciprocalRank) / 2;

    /// <summary>Mean of both directions' <see cref="RetrievalDirectionMetrics.MeanLogRank"/>.</summary>
    internal double MeanLogRank => (AToB.MeanLogRank + BToA.MeanLogRank) / 2;

    /// <summary>Mean of both directions' <see cref="RetrievalDirectionMetrics.MedianRank"/>.</summary>
    public double MedianRank => (AToB.MedianRank + BToA.MedianRank) / 2;

    /// <summary>Mean of both directions' <see cref="RetrievalDirectionMetrics.RecallAt"/>.</summary>
    /// <example>
    /// <code>
    /// RetrievalMetrics metrics = mlContext.GentleClip().EvaluateRetrieval(model.Transform(test), "SpectrumEmbedding", "ImageEmbedding");
    /// Console.WriteLine($"{metrics.RecallAt(10):0.000}, guessing {metrics.ChanceRecallAt(10):0.000}");
    /// </code>
    /// </example>
    /// <param name="k">Number of candidates looked at, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is below 1.</exception>
    public double RecallAt(int k) => (AToB.RecallAt(k) + BToA.RecallAt(k)) / 2;

    /// <summary>
    /// The recall that guessing has on average over both directions: <paramref name="k"/> / <see cref="Count"/>, at most 1, for samples with one partner
    /// each.
    /// </summary>
    /// <param name="k">Number of candidates looked at, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is below 1.</exception>
    public double ChanceRecallAt(int k) => (_chanceAToB.RecallAt(k) + _chanceBToA.RecallAt(k)) / 2;

    /// <summary>Evaluates the rows of a view that have both embeddings.</summary>
    internal static RetrievalMetrics Evaluate(
        IDataView data, string embeddingColumnNameA, string embeddingColumnNameB, string? itemColumnNameA, string? itemColumnNameB,
        int[]? k, CancellationToken cancellationToken)
    {
        k = CheckedK(k);
        var pairs = EmbeddingPairReader.Read(
            data, embeddingColumnNameA, embeddingColumnNameB, itemColumnNameA, itemColumnNameB, cancellationToken: cancellationToken);
        return Evaluate(k, pairs, null, cancellationToken);
    }

    /// <summary>Evaluates two matrices of embeddings. Of a data view's columns: <see cref="GentleClipOperationsCatalog.EvaluateRetrieval"/>.</summary>
    /// <param name="a">Embeddings of A, row-major [rows, dimension]; a row with NaN is left out.</param>
    /// <param name="b">Embeddings of B, row-major [rows, dimension]; row i belongs to row i of <paramref name="a"/>.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="dimension">Number of values in a row.</param>
    /// <param name="k">The numbers of candidates to list; 1, 5 and 10 if none is given.</param>
    /// <exception cref="ArgumentException">The matrices do not have rows x dimension values, or a <paramref name="k"/> is below 1.</exception>
    /// <exception cref="InvalidOperationException">An embedding is infinite, or no row has both embeddings.</exception>
    public static RetrievalMetrics Evaluate(ReadOnlySpan<float> a, ReadOnlySpan<float> b, int rows, int dimension, params int[] k) =>
        Evaluate(CheckedK(k), EmbeddingPairReader.Read(a, b, rows, dimension));

    /// <summary>Evaluates what a reader has collected.</summary>
    internal static RetrievalMetrics Evaluate(int[] k, EmbeddingPairReader pairs, int? numberOfThreads = null, CancellationToken cancellationToken = default)
    {
        var links = pairs.Links;
        var (aToB, bToA) = RetrievalRanker.Rank<DotProduct>(pairs.A, pairs.B, links, numberOfThreads, cancellationToken);
        return new(aToB, bToA, links.Count, pairs.SkippedRowCount, k);
    }

    /// <summary>A table of the recalls, the mean reciprocal rank and the median rank, for both directions, their mean, and guessing.</summary>
    public override string ToString()
    {
        var title = string.Create(CultureInfo.InvariantCulture, $"Retrieval over {Count} pairs");
        if (AToB.QueryCount != Count || BToA.QueryCount != Count)
            title += string.Create(CultureInfo.InvariantCulture, $" of {AToB.QueryCount} and {BToA.QueryCount} items");
        if (SkippedRowCount > 0)
            title += string.Create(CultureInfo.InvariantCulture, $" ({SkippedRowCount} rows without both embeddings skipped)");
        var table = new TextTable(title, "A to B", "B to A", "mean", "chance");
        foreach (var k in K)
            Line(string.Create(CultureInfo.InvariantCulture, $"Recall@{k}"), "F4", direction => direction.RecallAt(k));
        Line("MRR", "F4", direction => direction.MeanReciprocalRank);
        Line("Median rank", "F1", direction => direction.MedianRank);
        return table.ToString();

        void Line(string name, string format, Func<RetrievalDirectionMetrics, double> value) => table.Line(
            name, format, value(AToB), value(BToA), (value(AToB) + value(BToA)) / 2, (value(_chanceAToB) + value(_chanceBToA)) / 2);
    }

    internal static int[] CheckedK(int[]? k)
    {
        foreach (var value in k ?? [])
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(k));
        return k is { Length: > 0 } ? [.. k] : DefaultK;
    }
}
