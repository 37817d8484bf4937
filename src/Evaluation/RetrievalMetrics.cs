using System.Globalization;
using System.Text;
using Microsoft.ML.GentleClip.Evaluation;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Cross-modal retrieval over matched pairs: each embedding of one modality ranks all embeddings of the other by cosine similarity,
/// and the rank of its true partner is what counts.
/// </summary>
/// <remarks>
/// <para>The result is exact: all pairs of rows are compared, in time rows x rows x dimension and memory rows x dimension.
/// It does not depend on the number of threads.</para>
/// <para>Ties are counted as if broken at random: a partner with g better and e equally similar candidates has rank 1 + g + e / 2, and its
/// recall and reciprocal rank are the expected ones. Embeddings that are all the same therefore score what guessing scores,
/// <see cref="ChanceRecallAt"/>. Two similarities are equal if they are so in single precision,
/// which tells directions apart that differ by about 0.03 degrees or more. An embedding of zeros has similarity 0 with all.</para>
/// </remarks>
public sealed class RetrievalMetrics
{
    internal static readonly int[] DefaultK = [1, 5, 10];

    internal RetrievalMetrics(CandidateCounts aToB, CandidateCounts bToA, long skippedRowCount, int[] k)
    {
        K = k;
        Count = aToB.Better.Length;
        SkippedRowCount = skippedRowCount;
        (AToB, BToA) = (new(aToB), new(bToA));
    }

    /// <summary>Number of pairs: rows in which both embeddings are there.</summary>
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

    /// <summary>Mean of both directions' <see cref="RetrievalDirectionMetrics.MedianRank"/>.</summary>
    public double MedianRank => (AToB.MedianRank + BToA.MedianRank) / 2;

    /// <summary>Mean of both directions' <see cref="RetrievalDirectionMetrics.RecallAt"/>.</summary>
    /// <param name="k">Number of candidates looked at, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is below 1.</exception>
    public double RecallAt(int k) => (AToB.RecallAt(k) + BToA.RecallAt(k)) / 2;

    /// <summary>The recall that guessing has on average: <paramref name="k"/> / <see cref="Count"/>, at most 1.</summary>
    /// <param name="k">Number of candidates looked at, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is below 1.</exception>
    public double ChanceRecallAt(int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        return Math.Min(1, (double)k / Count);
    }

    /// <summary>Evaluates the rows of a view that have both embeddings.</summary>
    /// <param name="data">Rows that are matched pairs, for example the output of <c>GentleClipTransformer.Transform</c> on held-out pairs.
    /// Rows of unpaired samples that happen to have both sides must be filtered out before.</param>
    /// <param name="embeddingColumnA">Embeddings of A: a vector of Single of known size.</param>
    /// <param name="embeddingColumnB">Embeddings of B, of the same size.</param>
    /// <param name="k">The numbers of candidates to list; 1, 5 and 10 if none is given.</param>
    /// <exception cref="ArgumentException">A column is not there or not a vector of Single, or their sizes differ; or a <paramref name="k"/> is below 1.</exception>
    /// <exception cref="InvalidOperationException">An embedding is infinite, or no row has both embeddings.</exception>
    public static RetrievalMetrics Evaluate(IDataView data, string embeddingColumnA, string embeddingColumnB, params int[] k) =>
        Evaluate(CheckedK(k), EmbeddingPairReader.Read(data, embeddingColumnA, embeddingColumnB));

    /// <summary>Evaluates two matrices of embeddings.</summary>
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
        var (aToB, bToA) = RetrievalRanker.Rank(pairs.A, pairs.B, numberOfThreads, cancellationToken);
        return new(aToB, bToA, pairs.SkippedRowCount, k);
    }

    /// <summary>A table of the recalls, the mean reciprocal rank and the median rank, for both directions, their mean, and guessing.</summary>
    public override string ToString()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"Retrieval over {Count} pairs");
        if (SkippedRowCount > 0)
            text.Append(CultureInfo.InvariantCulture, $" ({SkippedRowCount} rows without both embeddings skipped)");
        text.AppendLine().Append($"{"",-12}{"A to B",10}{"B to A",10}{"mean",10}{"chance",10}");
        foreach (var k in K)
            Line(FormattableString.Invariant($"Recall@{k}"), "F4", AToB.RecallAt(k), BToA.RecallAt(k), ChanceRecallAt(k));
        var chance = new RetrievalDirectionMetrics(new(new int[Count], [.. Enumerable.Repeat(Count - 1, Count)]));
        Line("MRR", "F4", AToB.MeanReciprocalRank, BToA.MeanReciprocalRank, chance.MeanReciprocalRank);
        Line("Median rank", "F1", AToB.MedianRank, BToA.MedianRank, chance.MedianRank);
        return text.ToString();

        void Line(string name, string format, double aToB, double bToA, double byChance)
        {
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"{name,-12}");
            foreach (var value in new[] { aToB, bToA, (aToB + bToA) / 2, byChance })
                text.Append(value.ToString(format, CultureInfo.InvariantCulture).PadLeft(10));
        }
    }

    private static int[] CheckedK(int[]? k)
    {
        foreach (var value in k ?? [])
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(k));
        return k is { Length: > 0 } ? [.. k] : DefaultK;
    }
}
