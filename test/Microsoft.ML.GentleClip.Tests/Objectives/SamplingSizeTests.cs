using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

[TestClass]
public sealed class SamplingSizeTests : ObjectiveTest
{
    public static IEnumerable<object[]> Cases => GoldenCase.Rows("appendix_e.json");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Golden(GoldenCase golden)
    {
        var (t, r) = (golden.Input("t"), golden.Input("r"));
        golden.Check(SamplingSize.Gap(t, r), ("t", t), ("r", r));
    }

    [TestMethod]
    public void LeaveOneOutEqualsNaiveLoop()
    {
        var (t, r) = (Random(5, 3, 1), Random(5, 3, 2));
        double Density(double[] x, double[][] set)
        {
            var others = set.Where(y => !ReferenceEquals(x, y)).ToArray();
            var mean = Enumerable.Range(0, 3).Select(k => set.Average(y => y[k])).ToArray();
            var variance = set.Sum(y => SquaredDistance(y, mean)) / (set.Length - 1);
            return others.Average(y => Math.Exp(-SquaredDistance(x, y) / variance)) / Math.PI;
        }

        double Side(double[][] x, double[][] y) => x.Average(p => Math.Pow(Density(p, x) - Density(p, y), 2));
        var (a, b) = (ToRows(t), ToRows(r));
        GoldenCase.AssertClose(Side(a, b) + Side(b, a), SamplingSize.Gap(t, r, leaveOneOut: true).item<double>(), "gap");
    }

    [TestMethod]
    public void FallOfThePrintedGapIsMostlyItsSelfTerm()
    {
        // 64 uniform dimensions: 0.12 % as printed, 2.2 % without the self term (method notes, section 7), each from many batches.
        var random = new Random(1);
        var samples = tensor(Enumerable.Range(0, 2000 * 64).Select(_ => random.NextDouble()).ToArray(), [2000, 64]);
        double Percentage(bool leaveOneOut)
        {
            var gaps = SamplingSize.MeanGaps(samples, [2, 64], 200, new Random(2), leaveOneOut);
            return 100 * gaps[1] / gaps[0];
        }

        Assert.AreEqual(0.12, Percentage(false), 0.02);
        Assert.AreEqual(2.2, Percentage(true), 0.4);
    }

    [TestMethod]
    public void BatchSizesMustFitTheRows()
    {
        foreach (var size in new[] { 1, 6 })
        {
            var error = Assert.ThrowsExactly<ArgumentException>(() => SamplingSize.MeanGaps(Random(10, 2, 1), [2, size], 1, new Random(1), false));
            StringAssert.Contains(error.Message, $"at least 2 and at most half the number of rows, 10; found 2, {size}");
        }
    }
}
