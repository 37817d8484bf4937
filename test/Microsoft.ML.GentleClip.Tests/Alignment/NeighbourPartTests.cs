using Microsoft.ML.GentleClip.Alignment;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Alignment;

/// <summary>The parts that use neighbours in a modality's own space: smoothing and the spectral part.</summary>
[TestClass]
public sealed class NeighbourPartTests : AlignmentTest
{
    [TestMethod]
    public void TheRowItselfIsNoNeighbour()
    {
        var bank = Normal(20, 3, 1);
        bank[7] = bank[3]; // a second row in the same place is one
        var (distances, numbers) = Neighbours.Nearest(cat([bank, Normal(5, 3, 2)], 0), bank, 4);
        CollectionAssert.AreEqual(new long[] { 25, 4 }, numbers.shape);
        var rows = ToRows(cat([bank, Normal(5, 3, 2)], 0));
        var others = ToRows(bank);
        for (var i = 0; i < 25; i++)
        {
            var expected = Enumerable.Range(0, 20).Where(j => j != i).Select(j => SquaredDistance(rows[i], others[j])).Order().Take(4).ToArray();
            AssertClose(tensor(expected), distances[i], 1e-10, $"row {i}");
            if (i is not 3 and not 7) // of two rows in one place either may be taken for the row itself
                Assert.IsFalse(i < 20 && numbers[i].eq(i).any().item<bool>(), $"row {i}");
        }
        CollectionAssert.AreEqual(new long[] { 20, 19 }, Neighbours.Nearest(bank, bank, 50).Numbers.shape);
    }

    [TestMethod]
    public void SmoothingEqualsPlainLoop()
    {
        var (bank, embeddings) = (Normal(30, 3, 1), nn.functional.normalize(Normal(30, 4, 2)));
        var (rows, own) = (Normal(6, 3, 3), nn.functional.normalize(Normal(6, 4, 4)));
        rows[0] = bank[5];
        var smooth = new SmoothingBank(bank, embeddings, 0.5, 4).Apply(own, rows);
        for (var i = 0; i < 6; i++)
        {
            var nearest = Enumerable.Range(0, 30).Where(j => i > 0 || j != 5).OrderBy(j => SquaredDistance(ToRows(rows)[i], ToRows(bank)[j])).Take(4);
            var sum = own[i] + 0.5 * nearest.Select(j => embeddings[j]).Aggregate((x, y) => x + y) / 4;
            AssertClose(sum / sum.norm(), smooth[i], 1e-12, $"row {i}");
        }
    }

    [TestMethod]
    public void SpectralCoordinatesAreScaledEigenvectorsOfTheGraph()
    {
        const int Count = 25, Near = 4;
        var settings = new SpectralSettings { Neighbours = Near, Components = 6 };
        var bank = Normal(Count, 3, 1);
        var graph = SpectralGraph.Fit(bank, settings, 7)!;
        // The graph in plain loops.
        var rows = ToRows(bank);
        var nearest = rows.Select((x, i) => Enumerable.Range(0, Count).Where(j => j != i).OrderBy(j => SquaredDistance(x, rows[j])).Take(Near).ToArray())
            .ToArray();
        var scales = rows.Select((x, i) => Math.Sqrt(SquaredDistance(x, rows[nearest[i][^1]]))).ToArray();
        var w =
            rows.Select(
                (x, i) =>
                    rows.Select((y, j) => nearest[i].Contains(j) || nearest[j].Contains(i) ? Math.Exp(-SquaredDistance(x, y) / (scales[i] * scales[j])) : 0)
                        .ToArray()).ToArray();
        var degrees = w.Select(row => row.Sum()).ToArray();
        var (values, vectors) = PlainAlignment.Jacobi(
            [.. w.Select((row, i) => row.Select((value, j) => value / Math.Sqrt(degrees[i] * degrees[j])).ToArray())]);
        Assert.AreEqual(1, values[0], 1e-12);
        CollectionAssert.AreEqual(new long[] { Count, 6 }, graph.Coordinates.shape);
        for (var k = 0; k < 6; k++)
        {
            var raw = vectors[k + 1].Select((value, i) => value / Math.Sqrt(degrees[i])).ToArray();
            var deviation = Math.Sqrt(raw.Average(value => value * value) - Math.Pow(raw.Average(), 2));
            var expected = raw.Select(value => value / deviation / Math.Sqrt(1 - 0.95 * values[k + 1])).ToArray();
            var actual = graph.Coordinates.select(1, k);
            var sign = Math.Sign((actual * tensor(expected)).sum().item<double>());
            AssertClose(tensor(expected), sign * actual, 1e-8, $"eigenvector {k}");
        }

        // A new row: weighted mean over its neighbours.
        var row = Normal(1, 3, 9);
        var own = ToRows(row)[0];
        var near = Enumerable.Range(0, Count).OrderBy(j => SquaredDistance(own, rows[j])).Take(Near).ToArray();
        var weights = near.Select(j => Math.Exp(-SquaredDistance(own, rows[j]) / (Math.Sqrt(SquaredDistance(own, rows[near[^1]])) * scales[j]))).ToArray();
        var mean = near.Select((j, i) => graph.Coordinates[j] * (weights[i] / weights.Sum())).Aggregate((x, y) => x + y);
        AssertClose(mean, graph.Apply(row)[0], 1e-12);
    }

    [TestMethod]
    public void SpectralPartStandsBesideTheRecipe()
    {
        var data = Data(20, 80, 70);
        var (a, b) = Views(9, 6, 5, seed: 7);
        var (recipe, _) = Fit(data, Plain);
        var (both, report) = Fit(data, Plain with { Spectral = new() { Use = ClosedFormPart.On } });
        using (recipe)
        using (both)
        {
            Assert.IsTrue(report.UsesSpectral && both.HasSpectralPart);
            var (own, joined) = (recipe.Embed(a, Side.A), both.Embed(a, Side.A));
            // 3 : 1 in squared length.
            AssertClose(own * Math.Sqrt(0.75), joined.narrow(1, 0, recipe.Width), 1e-10);
            AssertUnit(both.Embed(b, Side.B));
        }
    }

    [TestMethod]
    public void GateDecidesAboutTheSpectralPart()
    {
        foreach (var seed in new[] { 1, 2, 3 })
        {
            // Points of a closed curve that winds through each space in its own way: neighbours tell the place on it, coordinates hardly.
            var (a, b) = Curves(12, seed);
            var curves = Decide(new AlignmentData(a, b, Curves(300, seed + 10).A, Curves(300, seed + 20).B));
            Assert.IsTrue(curves.UsesSpectral, $"curves, seed {seed}: {curves.Gate}");
            Assert.IsLessThan(curves.Gate!.Recipe, curves.Gate.Spectral!.Value);

            var filled = Decide(Data(60, 200, 200, 30, 20, seed));
            Assert.IsFalse(filled.UsesSpectral, $"filled space, seed {seed}: {filled.Gate}");
            Assert.IsGreaterThan(filled.Gate!.Recipe, filled.Gate.Spectral!.Value);
        }

        static AlignmentReport Decide(AlignmentData data)
        {
            var (alignment, report) = Fit(data,
                SelfTrained with { SelfTraining = new() { Use = ClosedFormPart.Off }, Spectral = new() { Use = ClosedFormPart.Gated } });
            alignment.Dispose();
            Assert.AreEqual(report.UsesSpectral, alignment.HasSpectralPart);
            Assert.IsNull(report.Gate!.SelfTraining);
            return report;
        }

        static (Tensor A, Tensor B) Curves(int count, int seed)
        {
            var random = new Random(seed);
            var places = tensor(Enumerable.Range(0, count).Select(_ => 2 * Math.PI * random.NextDouble()).ToArray()).unsqueeze(1);
            Tensor Curve(int frequencies, int map) =>
                (places * arange(1, frequencies + 1, dtype: float64)).sin().matmul(Normal(frequencies, 8, map))
                + (places * arange(1, frequencies + 1, dtype: float64)).cos().matmul(Normal(frequencies, 8, map + 1));
            return (Curve(6, 501), Curve(6, 601));
        }
    }

    private static double SquaredDistance(double[] x, double[] y) => x.Zip(y, (a, b) => (a - b) * (a - b)).Sum();
}
