using System.Runtime.Intrinsics;

namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>
/// Compares every row of one side with every row of the other and counts, for both directions at once, how many candidates
/// beat or equal the true partner. Exact; keeps counts alone, never the matrix of similarities.
/// </summary>
/// <remarks>
/// Each similarity, that of the true partner included, comes from the same sums in the same order: equal rows give equal bits and are seen as
/// ties. Vectors are 256 bits wide and products are not fused on any machine, and counts are integers, so that neither the machine nor the
/// number of threads changes a result.
/// </remarks>
internal static class RetrievalRanker
{
    private const int RowsPerBlock = 64; // with the four candidates in hand they stay in the cache

    /// <summary>The counts of A looking for B, and of B looking for A.</summary>
    /// <param name="a">Rows of A.</param>
    /// <param name="b">Rows of B; row i belongs to row i of A.</param>
    /// <param name="numberOfThreads">Most threads to use; null leaves it to the thread pool.</param>
    /// <param name="cancellationToken">Stops between blocks of rows.</param>
    public static (CandidateCounts AToB, CandidateCounts BToA) Rank(UnitRows a, UnitRows b, int? numberOfThreads = null, CancellationToken cancellationToken = default)
    {
        var count = a.Count;
        var partner = new Vector128<float>[a.Groups];  // similarity of the true partners
        var padding = new Vector128<float>[a.Groups];  // -infinity for the rows that fill up the last group
        for (var group = 0; group < a.Groups; group++)
            for (var lane = 0; lane < UnitRows.Group; lane++)
            {
                var row = group * UnitRows.Group + lane;
                partner[group] = partner[group].WithElement(lane, row < count ? Similarities(a.Row(row), b.GroupOfRows(group))[lane] : 0);
                padding[group] = padding[group].WithElement(lane, row < count ? 0 : float.NegativeInfinity);
            }

        var aToB = new CandidateCounts(new int[count], new int[count]);
        var bToA = new CandidateCounts(new int[count], new int[count]);
        var merging = new Lock();
        var options = new ParallelOptions { MaxDegreeOfParallelism = numberOfThreads ?? -1, CancellationToken = cancellationToken };
        Parallel.For(0, (count + RowsPerBlock - 1) / RowsPerBlock, options,
            () => (Better: new Vector128<int>[a.Groups], Equal: new Vector128<int>[a.Groups]),
            (block, _, columns) =>
            {
                RankBlock(block * RowsPerBlock, Math.Min((block + 1) * RowsPerBlock, count), a, b, partner, padding, aToB, columns.Better, columns.Equal);
                return columns;
            },
            columns =>
            {
                lock (merging)
                    for (var row = 0; row < count; row++)
                    {
                        bToA.Better[row] += columns.Better[row / UnitRows.Group][row % UnitRows.Group];
                        bToA.Equal[row] += columns.Equal[row / UnitRows.Group][row % UnitRows.Group];
                    }
            });
        for (var row = 0; row < count; row++)
        {
            // The true partner has met itself.
            aToB.Equal[row]--;
            bToA.Equal[row]--;
        }
        return (aToB, bToA);
    }

    private static void RankBlock(
        int start, int end, UnitRows a, UnitRows b, Vector128<float>[] partner, Vector128<float>[] padding,
        CandidateCounts rows, Vector128<int>[] columnsBetter, Vector128<int>[] columnsEqual)
    {
        Span<Vector128<int>> better = stackalloc Vector128<int>[end - start], equal = stackalloc Vector128<int>[end - start];
        better.Clear();
        equal.Clear();
        for (var group = 0; group < padding.Length; group++)
        {
            var candidates = b.GroupOfRows(group);
            var (ownPartner, columnBetter, columnEqual) = (partner[group], Vector128<int>.Zero, Vector128<int>.Zero);
            for (var i = 0; i < better.Length; i++)
            {
                var row = start + i;
                var rowPartner = Vector128.Create(partner[row / UnitRows.Group][row % UnitRows.Group]);
                var similarity = Similarities(a.Row(row), candidates) + padding[group];

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
            (rows.Better[start + i], rows.Equal[start + i]) = (Vector128.Sum(better[i]), Vector128.Sum(equal[i]));
    }

    /// <summary>The dot products of a row with four candidates.</summary>
    private static Vector128<float> Similarities(ReadOnlySpan<Vector256<float>> row, ReadOnlySpan<Vector256<float>> candidates)
    {
        var width = row.Length;
        var first = candidates[..width];
        var second = candidates.Slice(width, width);
        var third = candidates.Slice(2 * width, width);
        var fourth = candidates.Slice(3 * width, width);
        Vector256<float> sum1 = default, sum2 = default, sum3 = default, sum4 = default;
        for (var i = 0; i < row.Length; i++)
        {
            var value = row[i];
            sum1 += value * first[i];
            sum2 += value * second[i];
            sum3 += value * third[i];
            sum4 += value * fourth[i];
        }
        return Vector128.Create(Vector256.Sum(sum1), Vector256.Sum(sum2), Vector256.Sum(sum3), Vector256.Sum(sum4));
    }
}
