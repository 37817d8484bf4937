using static Microsoft.ML.GentleClip.Tests.Evaluation.LabelledVectors;

namespace Microsoft.ML.GentleClip.Tests.Evaluation;

[TestClass]
public sealed class TrueMatchMetricsTests
{
    [TestMethod]
    public void A_hand_worked_case()
    {
        // On a line: A = 0, 4, 10 and B = 1, 9, 3; distances A down, B across.
        //   A0: 1 9 3   partner 1: 0 of 2 closer       B0 (1): 1 3 9   partner 1: 0 of 2
        //   A1: 3 5 1   partner 5: 2 of 2              B1 (9): 9 5 1   partner 5: 1 of 2
        //   A2: 9 1 7   partner 7: 1 of 2              B2 (3): 3 1 7   partner 7: 2 of 2
        var metrics = Operations.Catalog.EvaluateTrueMatch(View(Row(0, 1), Row(4, 9), Row(10, 3), new VectorRow { A = [5] }), "A", "B");
        Assert.AreEqual((3, 1L), (metrics.Count, metrics.SkippedRowCount));
        Assert.AreEqual(0.5, metrics.AToB, 1e-12);
        Assert.AreEqual(0.5, metrics.BToA, 1e-12);

        // Once B1 is at 6: A1: 3 2 1 -> 1 of 2; A2: 9 4 7 -> 1 of 2. B1: 6 2 4 -> 0 of 2; B2 is at 3 as before.
        metrics = Operations.Catalog.EvaluateTrueMatch(View(Row(0, 1), Row(4, 6), Row(10, 3)), "A", "B");
        Assert.AreEqual((0 + 0.5 + 0.5) / 3, metrics.AToB, 1e-12);
        Assert.AreEqual((0 + 0 + 1) / 3.0, metrics.BToA, 1e-12);
        Assert.AreEqual(1 / 3.0, metrics.FractionCloserThanTrueMatch, 1e-12);
        Assert.AreEqual(
            """
            FOSCTTM over 3 pairs
                            A to B    B to A      mean    chance
            FOSCTTM         0.3333    0.3333    0.3333    0.5000
            """.ReplaceLineEndings(), metrics.ToString());
    }

    [TestMethod]
    [DataRow(2, 1f)]
    [DataRow(70, 1f)]
    [DataRow(131, 1e25f)]
    [DataRow(131, 1e-25f)]
    public void Brute_force_agrees_with_ties_whatever_the_scale(int count, float scale)
    {
        var random = new Random(count);
        var rows = Enumerable.Range(0, count).Select(_ => (A: Lattice(random, 4), B: Lattice(random, 4))).ToList();
        var metrics = Operations.Catalog.EvaluateTrueMatch(
            View(rows.Select(row => new VectorRow { A = [.. row.A.Select(value => value * scale)], B = [.. row.B.Select(value => value * scale)] })), "A", "B");
        Assert.AreEqual(Expected(rows), metrics.AToB, 1e-9);
        Assert.AreEqual(Expected([.. rows.Select(row => (row.B, row.A))]), metrics.BToA, 1e-9);
    }

    [TestMethod]
    public void Embeddings_of_any_length_are_compared_by_distance_not_by_angle()
    {
        // Same direction, so that cosines tie; distances do not.
        var metrics = Operations.Catalog.EvaluateTrueMatch(View(Row(1, 1), Row(2, 2), Row(3, 3)), "A", "B");
        Assert.AreEqual(0.0, metrics.FractionCloserThanTrueMatch);
        Assert.AreEqual(0.5, Operations.Catalog.EvaluateTrueMatch(View(Row(1, 1), Row(1, 1), Row(1, 1)), "A", "B").FractionCloserThanTrueMatch,
            "Ties count half.");
    }

    [TestMethod]
    public void Wrong_inputs_are_named()
    {
        Assert.Contains("at least two",
            Assert.ThrowsExactly<InvalidOperationException>(() => Operations.Catalog.EvaluateTrueMatch(View(Row(1, 1)), "A", "B")).Message);
        Assert.Contains("no embedding column 'C'",
            Assert.ThrowsExactly<ArgumentException>(() => Operations.Catalog.EvaluateTrueMatch(View(Row(1, 1)), "A", "C")).Message);
        Assert.Throws<OperationCanceledException>(() => Operations.Catalog.EvaluateTrueMatch(View(Row(1, 1), Row(2, 2)), "A", "B", new(true)));
    }

    private static double Expected(List<(float[] A, float[] B)> rows) => rows.Average(row =>
    {
        var own = Distance(row.A, row.B);
        // The partner itself ties with itself; it is no other sample.
        return (rows.Count(other => Distance(row.A, other.B) < own) + (rows.Count(other => Distance(row.A, other.B) == own) - 1) / 2.0) / (rows.Count - 1);
    });

    private static double Distance(float[] a, float[] b) => a.Zip(b, (x, y) => ((double)x - y) * ((double)x - y)).Sum();

    private static VectorRow Row(float a, float b) => new() { A = [a], B = [b] };
}
