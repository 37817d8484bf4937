using static Microsoft.ML.GentleClip.Tests.Evaluation.LabelledVectors;

namespace Microsoft.ML.GentleClip.Tests.Evaluation;

[TestClass]
public sealed class LabelTransferMetricsTests
{
    // A: x at 0, 10, 80, y at 90, 100. B: x at 5, y at 84.
    private static readonly VectorRow[] Case =
        [OfA(0, "x"), OfA(10, "x"), OfA(80, "x"), OfA(90, "y"), OfA(100, "y"), OfB(5, "x"), OfB(84, "y")];

    [TestMethod]
    public void A_hand_worked_case()
    {
        // B x at 5: nearest A 0 and 10, x. B y at 84: nearest A is x at 80 (4), then y at 90 (6), then y at 100 (16).
        var one = Operations.Catalog.EvaluateLabelTransfer(View(Case), "A", "B", "Label");
        Assert.AreEqual(0.5, one.AToB.NeighbourAccuracy);
        Assert.AreEqual(1.0, Operations.Catalog.EvaluateLabelTransfer(View(Case), "A", "B", "Label", neighbours: 3).AToB.NeighbourAccuracy);
        // Two neighbours of y at 84: x and y, one vote each: half.
        Assert.AreEqual(0.75, Operations.Catalog.EvaluateLabelTransfer(View(Case), "A", "B", "Label", neighbours: 2).AToB.NeighbourAccuracy, 1e-12);
        // Centroids of A: x at about 29 degrees, y at 95; both samples of B are right.
        Assert.AreEqual(1.0, one.AToB.CentroidAccuracy);

        // The other way the references are 5 (x) and 84 (y): A at 80 (x) is wrong, the other four are right.
        Assert.AreEqual(0.8, one.BToA.NeighbourAccuracy, 1e-12);
        Assert.AreEqual(0.8, one.BToA.CentroidAccuracy, 1e-12);
        Assert.AreEqual((2 / 3.0 + 1) / 2, one.BToA.MacroNeighbourAccuracy, 1e-12);
        Assert.AreEqual((0.6, 0.5), (one.BToA.MajorityAccuracy, one.AToB.MajorityAccuracy));
        Assert.AreEqual(0.65, one.NeighbourAccuracy, 1e-12);
        Assert.AreEqual(
            """
            Label transfer, 2 classes, 2 samples of B and 5 of A
                                    A to B    B to A      mean
            1 nearest               0.5000    0.8000    0.6500
              macro                 0.5000    0.8333    0.6667
            Nearest centroid        1.0000    0.8000    0.9000
              macro                 1.0000    0.8333    0.9167
            Most frequent label     0.5000    0.6000    0.5500
            """.ReplaceLineEndings(), one.ToString());
    }

    [TestMethod]
    [DataRow(1, 6)]
    [DataRow(3, 7)]
    [DataRow(5, 8)]
    [DataRow(200, 9)]
    public void Brute_force_agrees_with_ties_and_duplicates(int neighbours, int seed)
    {
        var random = new Random(seed);
        var rows = Enumerable.Range(0, 90)
            .Select(i => new VectorRow { A = i % 3 == 1 ? [] : Lattice(random, 3), B = i % 3 == 2 ? [] : Lattice(random, 3), Label = $"{random.Next(4)}" })
                .ToList();
        var (a, b) = (Side(rows, row => row.A), Side(rows, row => row.B));
        var metrics = Operations.Catalog.EvaluateLabelTransfer(View(rows), "A", "B", "Label", neighbours);
        Assert.AreEqual(Vote(a, b, neighbours), metrics.AToB.NeighbourAccuracy, 1e-9);
        Assert.AreEqual(Vote(b, a, neighbours), metrics.BToA.NeighbourAccuracy, 1e-9);
        Assert.AreEqual(Centroid(a, b), metrics.AToB.CentroidAccuracy, 1e-9);
        Assert.AreEqual(Centroid(b, a), metrics.BToA.CentroidAccuracy, 1e-9);
    }

    [TestMethod]
    public void Labels_that_are_missing_or_that_the_references_lack_are_counted()
    {
        var metrics = Operations.Catalog.EvaluateLabelTransfer(View([.. Case, OfB(5, "z"), OfA(5, ""), OfB(7, "")]), "A", "B", "Label");
        Assert.AreEqual((2L, 1, 0, 2, 5), (metrics.UnlabelledRowCount, metrics.AToB.UnknownLabelCount, metrics.BToA.UnknownLabelCount, metrics.AToB.Count,
            metrics.AToB.ReferenceCount));
        Assert.AreEqual(0.5, metrics.AToB.NeighbourAccuracy);
        Assert.AreEqual(3, metrics.BToA.ReferenceCount, "z stays among the references of the other direction.");
    }

    [TestMethod]
    public void Wrong_inputs_are_named()
    {
        Assert.Contains("share no label",
            Assert.ThrowsExactly<InvalidOperationException>(
                () => Operations.Catalog.EvaluateLabelTransfer(View(OfA(0, "x"), OfB(0, "y")), "A", "B", "Label")).Message);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Operations.Catalog.EvaluateLabelTransfer(View(Case), "A", "B", "Label", neighbours: 0));
        Assert.Contains("label column 'A' must be",
            Assert.ThrowsExactly<ArgumentException>(() => Operations.Catalog.EvaluateLabelTransfer(View(Case), "A", "B", "A")).Message);
        Assert.Throws<OperationCanceledException>(() => Operations.Catalog.EvaluateLabelTransfer(View(Case), "A", "B", "Label", cancellationToken: new(true)));
    }

    private static List<(double[] Unit, string Label)> Side(List<VectorRow> rows, Func<VectorRow, float[]> side) =>
        [.. rows.Where(row => side(row).Length > 0).Select(row => (Unit(side(row)), row.Label))];

    private static double Vote(List<(double[] Unit, string Label)> references, List<(double[] Unit, string Label)> queries,
        int neighbours) => queries.Average(query =>
    {
        var similarities = references.Select(reference => (Value: Dot(reference.Unit, query.Unit), reference.Label))
            .OrderByDescending(reference => reference.Value).ToList();
        var places = Math.Min(neighbours, references.Count);
        var last = similarities[places - 1].Value;
        var (above, tied) = (similarities.Count(one => Compare(one.Value, last) > 0), similarities.Count(one => Compare(one.Value, last) == 0));
        var votes = similarities.Where(one => Compare(one.Value, last) >= 0).GroupBy(one => one.Label)
            .ToDictionary(group => group.Key, group => group.Sum(one => Compare(one.Value, last) > 0 ? 1 : (double)(places - above) / tied));
        var most = votes.Values.Max();
        return Math.Abs(votes.GetValueOrDefault(query.Label) - most) < 1e-6 ? 1.0 / votes.Values.Count(vote => Math.Abs(vote - most) < 1e-6) : 0;
    });

    private static double Centroid(List<(double[] Unit, string Label)> references, List<(double[] Unit, string Label)> queries)
    {
        var centers = references.GroupBy(reference => reference.Label).ToDictionary(group => group.Key, group =>
            Unit([.. Enumerable.Range(0, 3).Select(i => group.Average(reference => reference.Unit[i]))]));
        return queries.Average(query =>
        {
            var orders = centers.Select(center => Compare(Dot(center.Value, query.Unit), Dot(centers[query.Label], query.Unit))).ToList();
            return orders.Contains(1) ? 0 : 1.0 / orders.Count(order => order == 0);
        });
    }

    private static VectorRow OfA(double degrees, string label) => new() { A = Angle(degrees), Label = label };

    private static VectorRow OfB(double degrees, string label) => new() { B = Angle(degrees), Label = label };
}
