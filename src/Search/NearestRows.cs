using System.Runtime.Intrinsics;
using Microsoft.ML.GentleClip.Evaluation;

namespace Microsoft.ML.GentleClip.Search;

/// <summary>The most similar rows of one set for each row of another; exact, in blocks, never holding the matrix of similarities.</summary>
internal static class NearestRows
{
    private const int QueriesPerBlock = 32; // with the four candidates in hand they stay in the cache

    /// <summary>Finds them.</summary>
    /// <param name="queries">Unit rows.</param>
    /// <param name="candidates">Unit rows of the same width.</param>
    /// <param name="count">Candidates wanted for each query.</param>
    /// <param name="radii">Null: the score is the cosine. Else it is twice the cosine less the candidate's number here.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <returns>For each query the candidates, best first, of equal ones the first first.</returns>
    public static (int Row, float Score)[][] Find(EmbeddingRows queries, EmbeddingRows candidates, int count, float[]? radii = null,
        CancellationToken cancellationToken = default)
    {
        var offsets = new Vector128<float>[candidates.Groups]; // infinite for the rows that fill up the last group
        for (var row = 0; row < candidates.Groups * EmbeddingRows.Group; row++)
        {
            ref var group = ref offsets[row / EmbeddingRows.Group];
            group = group.WithElement(row % EmbeddingRows.Group, row >= candidates.Count ? float.PositiveInfinity : radii?[row] ?? 0);
        }
        var results = new (int, float)[queries.Count][];
        Parallel.For(0, (queries.Count + QueriesPerBlock - 1) / QueriesPerBlock, new ParallelOptions { CancellationToken = cancellationToken }, block =>
        {
            var start = block * QueriesPerBlock;
            var best = new BestMatches[Math.Min(QueriesPerBlock, queries.Count - start)];
            for (var i = 0; i < best.Length; i++)
                best[i] = new BestMatches(Math.Min(count, candidates.Count));
            for (var group = 0; group < offsets.Length; group++)
            {
                var rows = candidates.GroupOfRows(group);
                for (var i = 0; i < best.Length; i++)
                {
                    var cosines = Similarity<DotProduct>.Of(queries.Row(start + i), rows);
                    var scores = (radii is null ? cosines : cosines + cosines) - offsets[group];
                    if (Vector128.GreaterThanAny(scores, Vector128.Create(best[i].Least)))
                        for (var lane = 0; lane < EmbeddingRows.Group; lane++)
                            best[i].Offer(group * EmbeddingRows.Group + lane, scores[lane]);
                }
            }
            for (var i = 0; i < best.Length; i++)
                results[start + i] = best[i].ToArray();
        });
        return results;
    }

    /// <summary>The best of the candidates offered so far, in order.</summary>
    private sealed class BestMatches(int capacity)
    {
        private readonly float[] _scores = new float[capacity]; // negative, so that they rise
        private readonly int[] _rows = new int[capacity];
        private int _count;

        /// <summary>The score to beat.</summary>
        public float Least { get; private set; } = float.NegativeInfinity;

        /// <summary>Takes a candidate if it is better than the worst; candidates come in the order of their rows.</summary>
        public void Offer(int row, float score)
        {
            if (!(score > Least))
                return;
            var (first, last) = (0, _count);
            while (first < last) // behind those of equal score
            {
                var middle = (first + last) / 2;
                (first, last) = _scores[middle] <= -score ? (middle + 1, last) : (first, middle);
            }
            _count = Math.Min(_count + 1, capacity);
            Array.Copy(_scores, first, _scores, first + 1, _count - first - 1);
            Array.Copy(_rows, first, _rows, first + 1, _count - first - 1);
            (_scores[first], _rows[first]) = (-score, row);
            if (_count == capacity)
                Least = -_scores[^1];
        }

        public (int, float)[] ToArray() => [.. _rows.Take(_count).Zip(_scores, (row, score) => (row, -score))];
    }
}
