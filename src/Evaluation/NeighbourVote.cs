using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>
/// Gives each query the label that most of its nearest references have. References that tie for the last places share them equally, and
/// labels that tie for the most votes share the query.
/// </summary>
internal static class NeighbourVote
{
    // Votes are sums of shares of a place; far below the smallest true difference, far above their rounding.
    private const double Tolerance = 1e-9;

    private const int QueriesPerBlock = 64;

    /// <summary>For each query 1, 0 or its share of a tie.</summary>
    public static double[] Hits(
        EmbeddingRows queries, int[] queryClasses, EmbeddingRows references, int[] referenceClasses, int classes, int neighbours,
            CancellationToken cancellationToken)
    {
        var hits = new double[queries.Count];
        Parallel.For(0, (queries.Count + QueriesPerBlock - 1) / QueriesPerBlock, new ParallelOptions { CancellationToken = cancellationToken },
            () => (Similarities: new Vector128<float>[references.Groups], Top: new float[Math.Min(neighbours, references.Count)], Votes: new double[classes]),
            (block, _, buffers) =>
            {
                for (var query = block * QueriesPerBlock; query < Math.Min((block + 1) * QueriesPerBlock, queries.Count); query++)
                {
                    for (var group = 0; group < references.Groups; group++)
                        buffers.Similarities[group] = Similarity<DotProduct>.Of(queries.Row(query), references.GroupOfRows(group));
                    var similarities = MemoryMarshal.Cast<Vector128<float>, float>(buffers.Similarities.AsSpan())[..references.Count];
                    Vote(similarities, referenceClasses, LastPlace(similarities, buffers.Top), buffers.Top.Length, buffers.Votes);
                    hits[query] = Share(buffers.Votes, queryClasses[query]);
                }
                return buffers;
            },
            _ => { });
        return hits;
    }

    /// <summary>The similarity at the last of the first places, as many as the buffer holds.</summary>
    private static float LastPlace(ReadOnlySpan<float> similarities, float[] top)
    {
        Array.Fill(top, float.NegativeInfinity);
        foreach (var value in similarities)
        {
            if (value <= top[0])
                continue;
            var place = 1; // ascending: the smallest falls out
            for (; place < top.Length && top[place] < value; place++)
                top[place - 1] = top[place];
            top[place - 1] = value;
        }
        return top[0];
    }

    private static void Vote(ReadOnlySpan<float> similarities, int[] classes, float last, int places, double[] votes)
    {
        int above = 0, tied = 0;
        foreach (var value in similarities)
        {
            above += value > last ? 1 : 0;
            tied += value == last ? 1 : 0;
        }
        Array.Clear(votes);
        var share = (double)(places - above) / tied;
        for (var i = 0; i < similarities.Length; i++)
            if (similarities[i] >= last)
                votes[classes[i]] += similarities[i] > last ? 1 : share;
    }

    private static double Share(double[] votes, int own)
    {
        var most = votes.Max() - Tolerance;
        return votes[own] < most ? 0 : 1.0 / votes.Count(vote => vote >= most);
    }
}
