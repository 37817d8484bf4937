using static Microsoft.ML.GentleClip.Tests.Evaluation.LabelledVectors;

namespace Microsoft.ML.GentleClip.Tests.Evaluation;

/// <summary>Retrieval where a sample occurs in several rows.</summary>
[TestClass]
public sealed class RetrievalItemTests
{
    [TestMethod]
    public void A_hand_worked_case_of_images_with_two_captions()
    {
        // Images x at 0 and y at 90 degrees; captions x1 at 50, x2 at 10, y1 at 80, y2 at 20 degrees.
        // Captions by distance from x: x2 (10), y2 (20), x1 (50), y1 (80): first right one at 1. From y: y1 (10), x1 (40), y2 (70), x2 (80): 1.
        // Images from x1: y (40), x (50): rank 2. x2: x (10): 1. y1: 1. y2: x (20), y (70): 2.
        IDataView data = View(Row(0, 50, "x"), Row(0, 10, "x"), Row(90, 80, "y"), Row(90, 20, "y"));
        var metrics = Operations.Catalog.EvaluateRetrieval(data, "A", "B", "ItemA", null, [1]);

        Assert.AreEqual((4, 2, 4, 4, 2), (metrics.Count, metrics.AToB.QueryCount, metrics.AToB.CandidateCount, metrics.BToA.QueryCount,
            metrics.BToA.CandidateCount));
        Assert.AreEqual((1.0, 1.0), (metrics.AToB.RecallAt(1), metrics.AToB.MeanReciprocalRank));
        Assert.AreEqual((0.5, 0.75, 1.5), (metrics.BToA.RecallAt(1), metrics.BToA.MeanReciprocalRank, metrics.BToA.MedianRank));
        // Guessing: 1 - 2/4 of the captions are wrong; one of two images is right.
        Assert.AreEqual(0.5, metrics.ChanceRecallAt(1), 1e-12);
        Assert.AreEqual(((1 - 2 / 4.0 * 1 / 3.0) + 1) / 2, metrics.ChanceRecallAt(2), 1e-12);
        Assert.Contains("Retrieval over 4 pairs of 2 and 4 items", metrics.ToString());

        // Without the column the second row of an image is a wrong candidate that ties with it.
        Assert.AreEqual(0.25, Operations.Catalog.EvaluateRetrieval(data, "A", "B").BToA.RecallAt(1), 1e-12);

        static VectorRow Row(double a, double b, string item) => new() { A = Angle(a), B = Angle(b), ItemA = item };
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void Brute_force_agrees_with_ties_and_duplicates(int seed)
    {
        var random = new Random(seed);
        // Items of both sides meet in several rows; a lattice makes other items equally similar.
        var (a, b) = (Enumerable.Range(0, 12).Select(_ => Lattice(random, 3)).ToArray(), Enumerable.Range(0, 15).Select(_ => Lattice(random, 3)).ToArray());
        var pairs = Enumerable.Range(0, 40).Select(_ => (A: random.Next(a.Length), B: random.Next(b.Length))).ToList();
        var metrics = Operations.Catalog.EvaluateRetrieval(
            View(pairs.Select(pair => new VectorRow { A = a[pair.A], B = b[pair.B], ItemA = $"a{pair.A}", ItemB = $"b{pair.B}" })), "A", "B", "ItemA", "ItemB");

        Check(metrics.AToB, pairs, a, b);
        Check(metrics.BToA, [.. pairs.Select(pair => (pair.B, pair.A))], b, a);
        Assert.AreEqual(pairs.Distinct().Count(), metrics.Count);
    }

    private static void Check(RetrievalDirectionMetrics metrics, List<(int Query, int Candidate)> pairs, float[][] queries, float[][] candidates)
    {
        var present = pairs.Select(pair => pair.Candidate).Distinct().ToList();
        var (ranks, reciprocal, recall3) = (new List<double>(), 0.0, 0.0);
        foreach (var group in pairs.GroupBy(pair => pair.Query))
        {
            var query = Unit(queries[group.Key]);
            var right = group.Select(pair => pair.Candidate).ToHashSet();
            var best = right.Max(candidate => Dot(query, Unit(candidates[candidate])));
            var wrong = present.Where(candidate => !right.Contains(candidate))
                .Select(candidate => Compare(Dot(query, Unit(candidates[candidate])), best)).ToList();
            var better = wrong.Count(order => order > 0);
            // Every order of the tied candidates, by the places that the right ones take.
            var tied = wrong.Count(order => order == 0);
            var hits = right.Count(candidate => Compare(Dot(query, Unit(candidates[candidate])), best) == 0);
            var firsts = Subsets(tied + hits, hits).Select(places => 1 + better + places.Min()).ToList();
            ranks.Add(firsts.Average());
            reciprocal += firsts.Average(rank => 1.0 / rank);
            recall3 += firsts.Average(rank => rank <= 3 ? 1.0 : 0);
        }
        ranks.Sort();
        Assert.AreEqual(ranks.Count, metrics.QueryCount);
        Assert.AreEqual((ranks[(ranks.Count - 1) / 2] + ranks[ranks.Count / 2]) / 2, metrics.MedianRank, 1e-9);
        Assert.AreEqual(reciprocal / ranks.Count, metrics.MeanReciprocalRank, 1e-9);
        Assert.AreEqual(recall3 / ranks.Count, metrics.RecallAt(3), 1e-9);
    }

    private static IEnumerable<int[]> Subsets(int count, int size) => size == 0 ? [[]]
        : Enumerable.Range(0, count).SelectMany(last => Subsets(last, size - 1).Select(rest => rest.Append(last).ToArray()));

    [TestMethod]
    public void Rows_without_an_item_are_items_of_their_own()
    {
        var data = View(new VectorRow { A = Angle(0), B = Angle(0), ItemA = "x" }, new VectorRow { A = Angle(0), B = Angle(10), ItemA = "x" },
            new VectorRow { A = Angle(90), B = Angle(90) }, new VectorRow { A = Angle(95), B = Angle(95) });
        Assert.AreEqual(3, Operations.Catalog.EvaluateRetrieval(data, "A", "B", "ItemA", null).AToB.QueryCount);
    }

    [TestMethod]
    public void An_item_with_two_embeddings_is_refused_by_name()
    {
        var data = View(new VectorRow { A = Angle(0), B = Angle(0), ItemA = "x" }, new VectorRow { A = Angle(30), B = Angle(10), ItemA = "x" });
        Assert.Contains("Rows 0 and 1 have the item 'x' but different embeddings 'A'",
            Assert.ThrowsExactly<InvalidOperationException>(() => Operations.Catalog.EvaluateRetrieval(data, "A", "B", "ItemA", null)).Message);
        Assert.Contains("item column 'C'",
            Assert.ThrowsExactly<ArgumentException>(() => Operations.Catalog.EvaluateRetrieval(data, "A", "B", "C", null)).Message);
        Assert.Contains("item column 'A' must be",
            Assert.ThrowsExactly<ArgumentException>(() => Operations.Catalog.EvaluateRetrieval(data, "A", "B", "A", null)).Message);
    }

    [TestMethod]
    public void A_cancelled_evaluation_stops() => Assert.Throws<OperationCanceledException>(() =>
        Operations.Catalog.EvaluateRetrieval(View(new VectorRow { A = [1], B = [1] }), "A", "B", null, null, cancellationToken: new CancellationToken(true)));
}
