using System.Runtime.Intrinsics;

namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>
/// Compares every row of one side with every row of the other and counts, for both directions at once, how many candidates
/// beat or equal the best true partner. Exact; keeps only counts, never the matrix of similarities.
/// </summary>
/// <remarks>
/// Each similarity, that of the true partner included, comes from the same sums in the same order: equal rows give equal bits and are seen as
/// ties. Vectors are 256 bits wide and products are not fused on any machine, and counts are integers, so that neither the machine nor the
/// number of threads changes a result.
/// </remarks>
internal static class RetrievalRanker
{
    private const int RowsPerBlock = 64; // with the four candidates in hand they stay in the cache

    /// <summary>The counts of A looking for B, and of B looking for A, by cosine; row i of B belongs to row i of A.</summary>
    public static (CandidateCounts AToB, CandidateCounts BToA) Rank(EmbeddingRows a, EmbeddingRows b, int? numberOfThreads = null,
        CancellationToken cancellationToken = default) =>
        Rank<DotProduct>(a, b, PairLinks.RowByRow(a.Count), numberOfThreads, cancellationToken);

    /// <summary>The counts of A looking for B, and of B looking for A.</summary>
    /// <param name="a">Rows of A.</param>
    /// <param name="b">Rows of B.</param>
    /// <param name="links">Which belong together. A query without a partner has all its candidates counted as better.</param>
    /// <param name="numberOfThreads">Most threads to use; null leaves it to the thread pool.</param>
    /// <param name="cancellationToken">Stops between blocks of rows.</param>
    public static (CandidateCounts AToB, CandidateCounts BToA) Rank<TSimilarity>(
        EmbeddingRows a, EmbeddingRows b, PairLinks links, int? numberOfThreads = null, CancellationToken cancellationToken = default)
        where TSimilarity : struct, ISimilarity
    {
        var (bestOfA, bestOfB) = (new float[a.Count], new float[b.Count]);
        var aToB = Partners(bestOfA, b.Count, links.OfA, (row, partner) => SimilarityOf<TSimilarity>(a, row, b, partner));
        var bToA = Partners(bestOfB, a.Count, links.OfB, (row, partner) => SimilarityOf<TSimilarity>(a, partner, b, row));

        var partnerOfB = new Vector128<float>[b.Groups];
        var padding = new Vector128<float>[b.Groups]; // -infinity for the rows that fill up the last group
        for (var group = 0; group < b.Groups; group++)
            for (var lane = 0; lane < EmbeddingRows.Group; lane++)
            {
                var row = group * EmbeddingRows.Group + lane;
                partnerOfB[group] = partnerOfB[group].WithElement(lane, row < b.Count ? bestOfB[row] : 0);
                padding[group] = padding[group].WithElement(lane, row < b.Count ? 0 : float.NegativeInfinity);
            }

        var merging = new Lock();
        var options = new ParallelOptions { MaxDegreeOfParallelism = numberOfThreads ?? -1, CancellationToken = cancellationToken };
        Parallel.For(0, (a.Count + RowsPerBlock - 1) / RowsPerBlock, options,
            () => (Better: new Vector128<int>[b.Groups], Equal: new Vector128<int>[b.Groups]),
            (block, _, columns) =>
            {
                RankBlock<TSimilarity>(block * RowsPerBlock, Math.Min((block + 1) * RowsPerBlock, a.Count), a, b, bestOfA, partnerOfB, padding, aToB,
                    columns.Better, columns.Equal);
                return columns;
            },
            columns =>
            {
                lock (merging)
                    for (var row = 0; row < b.Count; row++)
                    {
                        bToA.Better[row] += columns.Better[row / EmbeddingRows.Group][row % EmbeddingRows.Group];
                        bToA.Equal[row] += columns.Equal[row / EmbeddingRows.Group][row % EmbeddingRows.Group];
                    }
            });
        return (aToB, bToA);
    }

    /// <summary>Finds the best partners. The counts start below zero by the partners that the ranking will meet among the candidates.</summary>
    private static CandidateCounts Partners(float[] best, int candidates, PartnersOf partnersOf, Func<int, int, float> similarity)
    {
        var counts = new CandidateCounts(new int[best.Length], new int[best.Length], new int[best.Length], new int[best.Length], candidates);
        for (var row = 0; row < best.Length; row++)
        {
            best[row] = float.NegativeInfinity;
            var partners = partnersOf(row);
            foreach (var partner in partners)
            {
                var value = similarity(row, partner);
                (best[row], counts.Hits![row]) = value > best[row] ? (value, 1) : (best[row], counts.Hits[row] + (value == best[row] ? 1 : 0));
            }
            counts.Partners![row] = partners.Length;
            counts.Equal[row] = -counts.Hits![row];
        }
        return counts;
    }

    private delegate ReadOnlySpan<int> PartnersOf(int row);

    private static float SimilarityOf<TSimilarity>(EmbeddingRows a, int rowA, EmbeddingRows b, int rowB) where TSimilarity : struct, ISimilarity =>
        Similarity<TSimilarity>.Of(a.Row(rowA), b.GroupOfRows(rowB / EmbeddingRows.Group))[rowB % EmbeddingRows.Group];

    private static void RankBlock<TSimilarity>(
        int start, int end, EmbeddingRows a, EmbeddingRows b, float[] partnerOfA, Vector128<float>[] partnerOfB, Vector128<float>[] padding,
        CandidateCounts rows, Vector128<int>[] columnsBetter, Vector128<int>[] columnsEqual)
        where TSimilarity : struct, ISimilarity
    {
        Span<Vector128<int>> better = stackalloc Vector128<int>[end - start], equal = stackalloc Vector128<int>[end - start];
        better.Clear();
        equal.Clear();
        for (var group = 0; group < padding.Length; group++)
        {
            var candidates = b.GroupOfRows(group);
            var (ownPartner, columnBetter, columnEqual) = (partnerOfB[group], Vector128<int>.Zero, Vector128<int>.Zero);
            for (var i = 0; i < better.Length; i++)
            {
                var rowPartner = Vector128.Create(partnerOfA[start + i]);
                var similarity = Similarity<TSimilarity>.Of(a.Row(start + i), candidates) + padding[group];

                // A comparison that holds is -1.
                better[i] -= Vector128.GreaterThan(similarity, rowPartner).AsInt32();
                equal[i] -= Vector128.Equals(similarity, rowPartner).AsInt32();
                columnBetter -= Vector128.GreaterThan(similarity, ownPartner).AsInt32();
                columnEqual -= Vector128.Equals(similarity, ownPartner).AsInt32();
            }
            columnsBetter[group] += columnBetter;
            columnsEqual[group] += columnEqual;
        }
        for (var i = 0; i < better.Length; i++)
        {
            rows.Better[start + i] += Vector128.Sum(better[i]);
            rows.Equal[start + i] += Vector128.Sum(equal[i]);
        }
    }
}
