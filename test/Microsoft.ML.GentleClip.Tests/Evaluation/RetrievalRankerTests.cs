using Microsoft.ML.GentleClip.Evaluation;

namespace Microsoft.ML.GentleClip.Tests.Evaluation;

/// <summary>The vectorised, blocked and parallel ranker against one loop in double precision.</summary>
[TestClass]
public sealed class RetrievalRankerTests
{
    private const double Margin = 1e-6; // similarities closer than this may change places in single precision

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(2, 3)]
    [DataRow(3, 8)]
    [DataRow(5, 7)]
    [DataRow(63, 9)]
    [DataRow(64, 16)]
    [DataRow(65, 17)]
    [DataRow(130, 33)]
    [DataRow(257, 128)]
    public void Counts_equal_a_brute_force_reference(int rows, int dimension)
    {
        var random = new Random(rows * 1000 + dimension);
        var a = Vectors(random, rows, dimension);
        var b = a.Select(row => row.Select(value => value + (float)(random.NextDouble() - 0.5)).ToArray()).ToArray();

        var (aToB, bToA) = RetrievalRanker.Rank(Unit(a), Unit(b));

        AssertAgree(aToB, a, b);
        AssertAgree(bToA, b, a);
    }

    [TestMethod]
    [DataRow(4, 3)]
    [DataRow(67, 5)]
    [DataRow(200, 12)]
    public void Ties_of_exact_similarities_are_all_found(int rows, int dimension)
    {
        // One-hot rows: every similarity is exactly 0 or 1 and most are ties.
        var random = new Random(rows);
        var (a, b) = (OneHot(random, rows, dimension), OneHot(random, rows, dimension));

        var (aToB, bToA) = RetrievalRanker.Rank(Unit(a), Unit(b));

        for (var i = 0; i < rows; i++)
        {
            Assert.AreEqual(Exact(i, a, b), (aToB.Better[i], aToB.Equal[i]), $"A to B, row {i}");
            Assert.AreEqual(Exact(i, b, a), (bToA.Better[i], bToA.Equal[i]), $"B to A, row {i}");
        }

        static (int, int) Exact(int i, float[][] queries, float[][] candidates)
        {
            var similarities = candidates.Select(candidate => candidate.Zip(queries[i], (x, y) => x * y).Sum()).ToArray();
            return (similarities.Count(s => s > similarities[i]), similarities.Count(s => s == similarities[i]) - 1);
        }
    }

    [TestMethod]
    public void Duplicates_anywhere_tie_in_every_bit()
    {
        // 150 rows of 3 different directions in arbitrary precision: whichever block, group and lane they fall into, copies are equal.
        var random = new Random(5);
        var (directionsA, directionsB) = (Vectors(random, 3, 77), Vectors(random, 3, 77));
        var kinds = Enumerable.Range(0, 150).Select(_ => random.Next(3)).ToArray();

        var (aToB, bToA) = RetrievalRanker.Rank(Unit([.. kinds.Select(kind => directionsA[kind])]), Unit([.. kinds.Select(kind => directionsB[kind])]));

        for (var i = 0; i < kinds.Length; i++)
        {
            var copies = kinds.Count(kind => kind == kinds[i]) - 1;
            Assert.AreEqual(copies, aToB.Equal[i], $"A to B, row {i}");
            Assert.AreEqual(copies, bToA.Equal[i], $"B to A, row {i}");
        }
    }

    [TestMethod]
    public void The_number_of_threads_changes_nothing()
    {
        var random = new Random(3);
        var (a, b) = (Unit(Vectors(random, 700, 24)), Unit(Vectors(random, 700, 24)));
        var (aToB, bToA) = RetrievalRanker.Rank(a, b, numberOfThreads: 1);
        foreach (var threads in new int?[] { 2, 5, null })
        {
            var (again, back) = RetrievalRanker.Rank(a, b, threads);
            Assert.AreSequenceEqual(aToB.Better, again.Better);
            Assert.AreSequenceEqual(aToB.Equal, again.Equal);
            Assert.AreSequenceEqual(bToA.Better, back.Better);
            Assert.AreSequenceEqual(bToA.Equal, back.Equal);
        }
    }

    [TestMethod]
    public void Ranking_can_be_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();
        var rows = Unit(Vectors(new Random(1), 10, 4));
        Assert.ThrowsExactly<OperationCanceledException>(() => RetrievalRanker.Rank(rows, rows, 1, cancellation.Token));
    }

    [TestMethod]
    public void Length_does_not_matter_from_tiny_to_huge()
    {
        var random = new Random(9);
        var (a, b) = (Vectors(random, 40, 6), Vectors(random, 40, 6));
        var (expected, _) = RetrievalRanker.Rank(Unit(a), Unit(b));
        foreach (var exponent in new[] { -100, 100 })
        {
            // A power of two changes no digit of the values, so not even their rounding.
            var scaled = b.Select(row => row.Select(value => MathF.ScaleB(value, exponent)).ToArray()).ToArray();
            var (aToB, _) = RetrievalRanker.Rank(Unit(a), Unit(scaled));
            Assert.AreSequenceEqual(expected.Better, aToB.Better);
            Assert.AreSequenceEqual(expected.Equal, aToB.Equal);
        }
    }

    private static void AssertAgree(CandidateCounts counts, float[][] queries, float[][] candidates)
    {
        var certain = 0;
        for (var i = 0; i < queries.Length; i++)
        {
            var similarities = candidates.Select(candidate => Cosine(queries[i], candidate)).ToArray();
            var others = similarities.Where((_, j) => j != i).ToArray();
            var (least, most) = (others.Count(s => s > similarities[i] + Margin), others.Count(s => s > similarities[i] - Margin));
            Assert.IsInRange(least, most, counts.Better[i], $"row {i}");
            if (least != most)
                continue;
            Assert.AreEqual(0, counts.Equal[i], $"row {i}");
            certain++;
        }
        // In one dimension all cosines are 1 or -1.
        if (queries[0].Length > 2)
            Assert.IsGreaterThanOrEqualTo(0.98 * queries.Length, certain, "The reference decides nearly all rows.");
    }

    private static double Cosine(float[] x, float[] y)
    {
        double dot = 0, xx = 0, yy = 0;
        for (var i = 0; i < x.Length; i++)
            (dot, xx, yy) = (dot + (double)x[i] * y[i], xx + (double)x[i] * x[i], yy + (double)y[i] * y[i]);
        return dot / Math.Sqrt(xx * yy);
    }

    private static float[][] Vectors(Random random, int rows, int dimension) =>
        [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, dimension).Select(_ => (float)(random.NextDouble() * 2 - 1)).ToArray())];

    private static float[][] OneHot(Random random, int rows, int dimension) => [.. Enumerable.Range(0, rows).Select(_ =>
    {
        var row = new float[dimension];
        row[random.Next(dimension)] = 3;
        return row;
    })];

    private static EmbeddingRows Unit(float[][] rows)
    {
        var unit = new EmbeddingRows(rows[0].Length);
        foreach (var row in rows)
            unit.Add(row);
        return unit;
    }
}
