using Microsoft.ML.GentleClip.Alignment;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Alignment;

[TestClass]
public sealed class RecipeTests : AlignmentTest
{
    [TestMethod]
    [DataRow(1, 0, 2, DisplayName = "linear part")]
    [DataRow(0, 1, 2, DisplayName = "kernel part")]
    [DataRow(1, 2, 2, DisplayName = "both")]
    [DataRow(1, 2, 1, DisplayName = "both, power 1")]
    public void EqualsPlainLoop(double linearWeight, double kernelWeight, double power)
    {
        var data = Data(pairs: 12, unpairedA: 20, unpairedB: 17);
        var (a, b) = Views(9, 6, 5, seed: 7);
        var plain = new PlainAlignment(
            ToRows(data.PairsA), ToRows(data.PairsB), ToRows(cat([data.PairsA, data.UnpairedA!], 0)), ToRows(cat([data.PairsB, data.UnpairedB!], 0)),
                linearWeight, kernelWeight, power);
        var (alignment, _) = Fit(data, Plain with { LinearWeight = linearWeight, KernelWeight = kernelWeight, Power = power });
        using (alignment)
        {
            AssertUnit(alignment.Embed(a, Side.A));
            AssertClose(tensor(plain.Cosines(ToRows(a), ToRows(b)).SelectMany(row => row).ToArray(), [9, 9]), Cosines(alignment, a, b), 1e-8);
            AssertClose(tensor(plain.Cosines(ToRows(data.PairsA), ToRows(b)).SelectMany(row => row).ToArray(), [12, 9]),
                Cosines(alignment, data.PairsA, b), 1e-8);
        }
    }

    [TestMethod]
    public void KeepsTheLeadingComponents()
    {
        // Directions 4 to 6 of A have little variance: cut off, they cannot matter.
        var (a, b) = Views(20, 6, 5, seed: 3);
        var scale = tensor(new[] { 5d, 4, 3, 0.1, 0.1, 0.1 });
        var rotation = linalg.qr(Normal(6, 6, 11)).Q;
        Tensor Mixed(Tensor rows, Tensor tail) => (cat([rows.narrow(1, 0, 3), tail], 1) * scale).matmul(rotation);
        var (alignment, report) = Fit(new AlignmentData(Mixed(a, Normal(20, 3, 21)), b), Plain with { PrincipalComponents = 3, KernelWeight = 0 });
        using (alignment)
            Assert.AreEqual(3, report.NaturalWidth);
    }

    [TestMethod]
    public void IgnoresShiftScaleRotationAndConstantColumns()
    {
        var data = Data(15, 30, 25);
        var (a, b) = Views(8, 6, 5, seed: 5);
        var (alignment, _) = Fit(data, Plain);
        var rotation = linalg.qr(Normal(8, 8, 4)).Q;
        Tensor Changed(Tensor rows) => 0.01 * cat([rows, full([rows.size(0), 2], 42, dtype: float64)], 1).matmul(rotation) + 3;
        var (changed, _) = Fit(new AlignmentData(Changed(data.PairsA), data.PairsB * 1000 - 5, Changed(data.UnpairedA!), data.UnpairedB! * 1000 - 5), Plain);
        using (alignment)
        using (changed)
            AssertClose(Cosines(alignment, a, b), Cosines(changed, Changed(a), b * 1000 - 5), 1e-8);
    }

    [TestMethod]
    public void IgnoresTheOrderOfPairsAndOfUnpairedRows()
    {
        var data = Data(15, 30, 25);
        var (a, b) = Views(8, 6, 5, seed: 5);
        var (alignment, _) = Fit(data, Plain);
        var (flipped, _) = Fit(new AlignmentData(data.PairsA.flip(0), data.PairsB.flip(0), data.UnpairedA!.flip(0), data.UnpairedB!.flip(0)), Plain);
        using (alignment)
        using (flipped)
            AssertClose(Cosines(alignment, a, b), Cosines(flipped, a, b), 1e-8);
    }

    [TestMethod]
    public void SidesAreAlike()
    {
        var data = Data(15, 30, 25);
        var (a, b) = Views(8, 6, 5, seed: 5);
        var (alignment, _) = Fit(data, Plain);
        var (swapped, _) = Fit(new AlignmentData(data.PairsB, data.PairsA, data.UnpairedB, data.UnpairedA), Plain);
        using (alignment)
        using (swapped)
            AssertClose(Cosines(alignment, a, b), Cosines(swapped, b, a).t(), 1e-8);
    }

    [TestMethod]
    public void FindsPartnersBetterThanTheLinearPart()
    {
        var data = Data(60, 200, 200, dimensionA: 30, dimensionB: 20);
        var (a, b) = Views(100, 30, 20, seed: 9);
        double Recall(AlignmentSettings settings)
        {
            var (alignment, _) = Fit(data, settings);
            using (alignment)
                return RecallAt1(Cosines(alignment, a, b));
        }
        var (linear, both) = (Recall(Plain with { KernelWeight = 0 }), Recall(Plain));
        Assert.IsGreaterThan(40, both, $"R@1 {both}, of chance 1");
        Assert.IsGreaterThan(linear + 5, both, $"R@1 {both}, linear {linear}: the views are curved");
    }

    [TestMethod]
    public void HalfOfTheAnchorsAreNearlyAsGood()
    {
        var data = Data(120, 200, 200, dimensionA: 30, dimensionB: 20);
        var (a, b) = Views(150, 30, 20, seed: 9);
        var (all, _) = Fit(data, Plain);
        var (half, report) = Fit(data, Plain with { MaximumAnchors = 60 });
        var (again, _) = Fit(data, Plain with { MaximumAnchors = 60 });
        var (other, _) = Fit(data, Plain with { MaximumAnchors = 60 }, seed: 2);
        using (all)
        using (half)
        using (again)
        using (other)
        {
            var (recallAll, recallHalf) = (RecallAt1(Cosines(all, a, b)), RecallAt1(Cosines(half, a, b)));
            Assert.IsGreaterThan(recallAll - 8, recallHalf, $"R@1 {recallHalf} with half of the anchors, {recallAll} with all");
            Assert.AreEqual(0, (Cosines(half, a, b) - Cosines(again, a, b)).abs().max().item<double>(), "the same seed chooses the same anchors");
            Assert.IsGreaterThan(1e-3, (Cosines(half, a, b) - Cosines(other, a, b)).abs().max().item<double>(), "another seed chooses others");
            Assert.IsLessThan(120, report.NaturalWidth);
        }
    }
}
