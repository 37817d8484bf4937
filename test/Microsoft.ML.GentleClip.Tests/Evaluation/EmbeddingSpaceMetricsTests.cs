using static Microsoft.ML.GentleClip.Tests.Evaluation.LabelledVectors;

namespace Microsoft.ML.GentleClip.Tests.Evaluation;

[TestClass]
public sealed class EmbeddingSpaceMetricsTests
{
    [TestMethod]
    public void A_hand_worked_case()
    {
        // A at 0 and 180 degrees, B at 90 and 180, twice as long; a third row has B alone, at 90.
        // Squared distances of the pairs: 2 and 0. A: its two rows are 4 apart. B: 2, 0, 2 apart. Means: (0, 0) and (-1, 2) / 3.
        var metrics = Operations.Catalog.EvaluateEmbeddingSpace(View(
            new VectorRow { A = [1, 0], B = [0, 2] }, new VectorRow { A = [-1, 0], B = [-2, 0] }, new VectorRow { B = [0, 2] }), "A", "B");

        Assert.AreEqual((2, 3, 2), (metrics.CountA, metrics.CountB, metrics.PairCount));
        Assert.AreEqual(1.0, metrics.Alignment, 1e-7);
        Assert.AreEqual(0.5, metrics.MeanPairCosine, 1e-7);
        Assert.AreEqual(-8.0, metrics.UniformityA, 1e-6);
        Assert.AreEqual(Math.Log((2 * Math.Exp(-4) + 1) / 3), metrics.UniformityB, 1e-6);
        Assert.AreEqual(Math.Sqrt(5) / 3, metrics.ModalityGap, 1e-7);
        Assert.AreEqual(-0.5, metrics.MeanOtherCosine, 1e-7, "Cosines -1 and 0.");
        Assert.AreEqual(
            """
            Embedding space of 2 samples of A, 3 of B, 2 pairs
            Alignment               1.0000
            Uniformity of A        -8.0000
            Uniformity of B        -1.0626
            Modality gap            0.7454
            Mean pair cosine        0.5000
            Mean other cosine      -0.5000
            """.ReplaceLineEndings(), metrics.ToString());
    }

    [TestMethod]
    [DataRow(2, 3)]
    [DataRow(67, 5)]
    [DataRow(130, 17)]
    public void Brute_force_agrees(int count, int dimension)
    {
        var random = new Random(count);
        var rows = Enumerable.Range(0, count)
            .Select(
                i => new VectorRow { A = Gaussian(random, dimension), B = i % 5 == 4 ? [] : i % 7 == 1 ? new float[dimension] : Gaussian(random, dimension) })
                    .ToList();
        var (a, pairs) = (rows.Select(row => Unit(row.A)).ToList(),
            rows.Where(row => row.B.Length > 0).Select(row => (A: Unit(row.A), B: Unit(row.B))).ToList());
        var b = pairs.Select(pair => pair.B).ToList();
        var metrics = Operations.Catalog.EvaluateEmbeddingSpace(View(rows), "A", "B");

        Assert.AreEqual(pairs.Average(pair => SquaredDistance(pair.A, pair.B)), metrics.Alignment, 1e-6);
        Assert.AreEqual(pairs.Average(pair => Dot(pair.A, pair.B)), metrics.MeanPairCosine, 1e-6);
        Assert.AreEqual(Uniformity(a), metrics.UniformityA, 1e-5);
        Assert.AreEqual(Uniformity(b), metrics.UniformityB, 1e-5);
        Assert.AreEqual(Math.Sqrt(SquaredDistance(Mean(a), Mean(b))), metrics.ModalityGap, 1e-6);
        Assert.AreEqual(pairs.SelectMany((x, i) => pairs.Where((_, j) => j != i).Select(y => Dot(x.A, y.B))).Average(), metrics.MeanOtherCosine, 1e-6);

        double[] Mean(List<double[]> side) => [.. Enumerable.Range(0, dimension).Select(i => side.Average(row => row[i]))];
    }

    [TestMethod]
    public void What_needs_more_rows_is_NaN()
    {
        var metrics = Operations.Catalog.EvaluateEmbeddingSpace(View(new VectorRow { A = [1, 0] }, new VectorRow { B = [0, 1] }), "A", "B");
        foreach (var value in new[] { metrics.Alignment, metrics.UniformityA, metrics.UniformityB, metrics.MeanPairCosine, metrics.MeanOtherCosine })
            Assert.AreEqual(double.NaN, value);
        Assert.AreEqual(Math.Sqrt(2), metrics.ModalityGap, 1e-7);
    }

    [TestMethod]
    public void Wrong_inputs_are_named()
    {
        Assert.Contains("'A' has 1 and 'B' has 0",
            Assert.ThrowsExactly<InvalidOperationException>(
                () => Operations.Catalog.EvaluateEmbeddingSpace(View(new VectorRow { A = [1, 0] }), "A", "B")).Message);
        Assert.Contains("no embedding column 'C'",
            Assert.ThrowsExactly<ArgumentException>(() => Operations.Catalog.EvaluateEmbeddingSpace(View(new VectorRow { A = [1] }), "A", "C")).Message);
        Assert.Throws<OperationCanceledException>(
            () => Operations.Catalog.EvaluateEmbeddingSpace(View(new VectorRow { A = [1], B = [1] }), "A", "B", new(true)));
    }

    private static double Uniformity(List<double[]> rows) =>
        Math.Log(rows.SelectMany((x, i) => rows.Skip(i + 1).Select(y => Math.Exp(-2 * SquaredDistance(x, y)))).Average());
}
