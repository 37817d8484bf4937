using static Microsoft.ML.GentleClip.Tests.Evaluation.LabelledVectors;

namespace Microsoft.ML.GentleClip.Tests.Evaluation;

[TestClass]
public sealed class ZeroShotMetricsTests
{
    [TestMethod]
    public void A_hand_worked_case()
    {
        // Class x has templates at 0 and 40 degrees (prototype at 20), y one at 90, z one at 180.
        // Samples: x at 10 -> x; x at 60 -> y (30) before x (40); y at 80 -> y; z at 130 -> y (40) before z (50).
        var metrics = Operations.Catalog.EvaluateZeroShot(
            View(Sample(10, "x"), Sample(60, "x"), Sample(80, "y"), Sample(130, "z")), "A", "Label",
            View(Prototype(0, "x"), Prototype(40, "x"), Prototype(90, "y"), Prototype(180, "z")), "B", "Label", [1, 2]);

        Assert.AreEqual((0.5, 1.0), (metrics.Accuracy, metrics.AccuracyAt(2)));
        Assert.AreSequenceEqual(["x", "y", "z"], metrics.ClassNames);
        Assert.AreSequenceEqual([0.5, 1, 0], metrics.ClassAccuracies);
        Assert.AreEqual(0.5, metrics.MacroAccuracy);
        Assert.AreEqual(
            """
            Zero-shot over 4 samples, 3 classes
                               samples    chance
            Top-1               0.5000    0.3333
            Top-2               1.0000    0.6667
            Macro accuracy      0.5000    0.3333
            """.ReplaceLineEndings(), metrics.ToString());
    }

    [TestMethod]
    public void Samples_without_embedding_or_known_label_are_counted()
    {
        var metrics = Operations.Catalog.EvaluateZeroShot(
            View(Sample(10, "x"), Sample(10, "other"), Sample(10, ""), new VectorRow { B = Angle(0), Label = "x" }), "A", "Label",
            View(Prototype(0, "x"), Prototype(90, "y"), new VectorRow { A = Angle(0), Label = "absent" }), "B", "Label");
        Assert.AreEqual((1, 1L, 2L, 2), (metrics.Count, metrics.SkippedRowCount, metrics.UnknownLabelCount, metrics.ClassNames.Count));
        Assert.AreEqual(double.NaN, metrics.ClassAccuracies[1], "No sample is of class y.");
        Assert.AreEqual(1.0, metrics.MacroAccuracy);
    }

    [TestMethod]
    public void Keys_are_compared_by_their_values()
    {
        var samples = Context.Transforms.Conversion.MapValueToKey("Label").Fit(View(Sample(80, "y"))).Transform(View(Sample(80, "y"), Sample(10, "y")));
        var prototypes = View(Prototype(0, "x"), Prototype(90, "y"));
        var keyed = Context.Transforms.Conversion.MapValueToKey("Label").Fit(prototypes).Transform(prototypes);
        // y is key 1 among the samples and key 2 among the prototypes.
        foreach (var view in new[] { prototypes, keyed })
            Assert.AreEqual(0.5, Operations.Catalog.EvaluateZeroShot(samples, "A", "Label", view, "B", "Label").Accuracy);
    }

    [TestMethod]
    [DataRow(4)]
    [DataRow(5)]
    public void Brute_force_agrees_on_ties(int seed)
    {
        var random = new Random(seed);
        var samples = Enumerable.Range(0, 70).Select(_ => new VectorRow { A = Lattice(random, 3), B = [0, 0, 0], Label = $"{random.Next(8)}" }).ToList();
        // Classes of one direction each, some shared, so that they tie exactly; the last two are means of directions of their own.
        var directions = Enumerable.Range(0, 8).Select(_ => Lattice(random, 3)).ToList();
        var prototypes = Enumerable.Range(0, 24)
            .Select(i => new VectorRow { A = [0, 0, 0], B = i % 8 < 6 ? directions[i % 8] : Gaussian(random, 3), Label = $"{i % 8}" }).ToList();
        var metrics = Operations.Catalog.EvaluateZeroShot(View(samples), "A", "Label", View(prototypes), "B", "Label");
        var centers = prototypes.GroupBy(row => row.Label).ToDictionary(group => group.Key, group =>
            Unit([.. Enumerable.Range(0, 3).Select(i => group.Average(row => Unit(row.B)[i]))]));
        foreach (var k in new[] { 1, 2, 3, 8, 9 })
        {
            var expected = samples.Average(sample =>
            {
                var orders = centers.Where(center => center.Key != sample.Label)
                    .Select(center => Compare(Dot(Unit(sample.A), center.Value), Dot(Unit(sample.A), centers[sample.Label]))).ToList();
                return Math.Clamp((k - orders.Count(order => order > 0)) / (1.0 + orders.Count(order => order == 0)), 0, 1);
            });
            Assert.AreEqual(expected, metrics.AccuracyAt(k), 1e-9, $"k = {k}");
        }
        Assert.IsLessThan(metrics.AccuracyAt(2), metrics.Accuracy);
    }

    [TestMethod]
    public void Prototypes_that_are_all_the_same_score_what_guessing_scores()
    {
        var metrics = Operations.Catalog.EvaluateZeroShot(View(Sample(10, "x"), Sample(60, "y")), "A", "Label",
            View(Prototype(5, "x"), Prototype(5, "y"), Prototype(5, "z"), Prototype(5, "u")), "B", "Label");
        Assert.AreEqual((0.25, 0.25, 0.75, 0.75), (metrics.Accuracy, metrics.ChanceAccuracyAt(1), metrics.AccuracyAt(3), metrics.ChanceAccuracyAt(3)));
    }

    [TestMethod]
    public void Wrong_inputs_are_named()
    {
        var (samples, prototypes) = (View(Sample(10, "x")), View(Prototype(0, "x")));
        Assert.Contains("label column 'C'",
            Assert.ThrowsExactly<ArgumentException>(() => Operations.Catalog.EvaluateZeroShot(samples, "A", "C", prototypes, "B", "Label")).Message);
        Assert.Contains("'A' has 2 dimensions and 'B' has 3",
            Assert.ThrowsExactly<ArgumentException>(
                () => Operations.Catalog.EvaluateZeroShot(samples, "A", "Label", View(new VectorRow { B = [1, 2, 3] }), "B", "Label")).Message);
        Assert.Contains("prototype in row 1 has no label",
            Assert.ThrowsExactly<InvalidOperationException>(
                () => Operations.Catalog.EvaluateZeroShot(samples, "A", "Label", View(Prototype(0, "x"), Prototype(0, "")), "B", "Label")).Message);
        Assert.Contains("No sample can be classified: 0 lack 'A' and 1",
            Assert.ThrowsExactly<InvalidOperationException>(
                () => Operations.Catalog.EvaluateZeroShot(View(Sample(0, "y")), "A", "Label", prototypes, "B", "Label")).Message);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Operations.Catalog.EvaluateZeroShot(samples, "A", "Label", prototypes, "B", "Label", [0]));
        Assert.Throws<OperationCanceledException>(
            () => Operations.Catalog.EvaluateZeroShot(samples, "A", "Label", prototypes, "B", "Label", cancellationToken: new(true)));
    }

    private static VectorRow Sample(double degrees, string label) => new() { A = Angle(degrees), Label = label };

    private static VectorRow Prototype(double degrees, string label) => new() { B = Angle(degrees), Label = label };
}
