using Microsoft.ML.GentleClip.Objectives;

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
}
