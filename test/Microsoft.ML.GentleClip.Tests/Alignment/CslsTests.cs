using Microsoft.ML.GentleClip.Alignment;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Alignment;

[TestClass]
public sealed class CslsTests : AlignmentTest
{
    private readonly Tensor _bankA = Unit(40, 1);
    private readonly Tensor _bankB = Unit(35, 2);

    [TestMethod]
    [DataRow(10)]
    [DataRow(1)]
    [DataRow(100)]
    public void EqualsPlainLoop(int neighbours)
    {
        var (a, b) = (Unit(9, 3), Unit(11, 4));
        using var csls = new Csls(_bankA, _bankB, neighbours);
        double Mean(double[] row, Tensor bank) => ToRows(bank).Select(other => Dot(row, other)).OrderDescending().Take(neighbours).Average();
        var expected = ToRows(a).SelectMany(x => ToRows(b).Select(y => 2 * Dot(x, y) - Mean(x, _bankB) - Mean(y, _bankA))).ToArray();
        AssertClose(tensor(expected, [9, 11]), csls.Scores(a, b), 1e-12);
        AssertClose(tensor(ToRows(b).Select(y => Mean(y, _bankA)).ToArray()), csls.Radii(b, Side.B), 1e-12);
    }

    [TestMethod]
    public void TopIsTheBestOfAllScoresInBlocksOrAtOnce()
    {
        var (a, b) = (Unit(9, 3), Unit(11, 4));
        foreach (var blockSize in new[] { 1, 4, 100 })
        {
            using var csls = new Csls(_bankA, _bankB, 5, blockSize);
            var all = csls.Scores(a, b);
            var (scores, numbers) = csls.Top(a, Side.A, b, 4);
            var expected = all.topk(4, 1);
            AssertClose(expected.values, scores, 1e-12);
            CollectionAssert.AreEqual(expected.indexes.data<long>().ToArray(), numbers.data<long>().ToArray());
            var (back, _) = csls.Top(b, Side.B, a, 50, csls.Radii(a, Side.A));
            AssertClose(all.t().topk(9, 1).values, back, 1e-12);
        }
    }

    [TestMethod]
    public void LowersTheHubs()
    {
        // Rows of B that say little lie near the common mean of all rows, which every query is near to.
        var latent = Normal(300, 20, 5);
        var (a, b) = (nn.functional.normalize(latent + 1), nn.functional.normalize(Normal(300, 1, 7).exp() * (latent + 0.8 * Normal(300, 20, 6)) + 1));
        using var csls = new Csls(a, b);
        var (plain, corrected) = (RecallAt1(a.matmul(b.t())), RecallAt1(csls.Scores(a, b)));
        Assert.IsGreaterThan(plain + 5, corrected, $"R@1 {plain:f1} -> {corrected:f1}");
    }

    [TestMethod]
    public void OwnsItsBanksAndNeedsThem()
    {
        var live = LiveTensors.Settled();
        using (NewDisposeScope())
        using (var csls = new Csls(_bankA, _bankB))
            csls.Top(_bankA, Side.A, _bankB, 3);
        LiveTensors.AssertAtMost(live);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new Csls(_bankA, _bankB.narrow(0, 0, 0))).Message, "[0, 6]", StringComparison.Ordinal);
        Assert.ThrowsExactly<ArgumentException>(() => new Csls(_bankA, _bankB.narrow(1, 0, 5)));
    }

    private static Tensor Unit(int rows, int seed) => nn.functional.normalize(Normal(rows, 6, seed)).DetachFromDisposeScope();

    private static double Dot(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).Sum();
}
