using Microsoft.ML.GentleClip.Objectives;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

[TestClass]
public sealed class CentroidLossTests : ObjectiveTest
{
    public static IEnumerable<object[]> Cases => GoldenCase.Rows("centroid.json");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Golden(GoldenCase golden)
    {
        var (u, v) = (golden.Input("u"), golden.Input("v"));
        golden.Check(CentroidLoss.Compute(u, v), ("u", u), ("v", v));
    }

    [TestMethod]
    public void EqualsNaiveLoop()
    {
        var (u, v) = (Random(5, 3, 1), Random(8, 3, 2));
        var (x, y) = (ToRows(u), ToRows(v));
        var expected = Enumerable.Range(0, 3).Sum(k => Math.Pow(x.Average(r => r[k]) - y.Average(r => r[k]), 2));
        GoldenCase.AssertClose(expected, CentroidLoss.Compute(u, v).item<double>(), "value");
        CheckGradients(t => CentroidLoss.Compute(t[0], t[1]), u, v);
    }

    [TestMethod]
    [DataRow(0, 3)]
    [DataRow(3, 0)]
    public void EmptySideGivesZeroWithGraph(int n, int m) => CheckZeroWithGraph(t => CentroidLoss.Compute(t[0], t[1]), Random(n, 3, 1), Random(m, 3, 2));

    [TestMethod]
    public void LeavesNoTensors() => CheckLeavesNoTensors(t => CentroidLoss.Compute(t[0], t[1]), Random(4, 3, 1), Random(5, 3, 2));
}
