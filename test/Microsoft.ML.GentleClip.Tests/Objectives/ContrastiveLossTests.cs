using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

[TestClass]
public sealed class ContrastiveLossTests : ObjectiveTest
{
    public static IEnumerable<object[]> Cases => GoldenCase.Rows("cl.json");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Golden(GoldenCase golden)
    {
        var (u, v, logScale) = (golden.Input("u"), golden.Input("v"), golden.Input("log_scale"));
        golden.Check(ContrastiveLoss.Compute(Unit(u), Unit(v), logScale), ("u", u), ("v", v), ("log_scale", logScale));
    }

    [TestMethod]
    public void EqualsNaiveLoop()
    {
        var (u, v) = (RandomUnit(7, 5, 1), RandomUnit(7, 5, 2));
        const double LogScale = 1.5;
        var (x, y, s) = (ToRows(u), ToRows(v), Math.Exp(LogScale));
        var expected = 0.0;
        for (var i = 0; i < 7; i++)
        {
            double row = 0, column = 0;
            for (var j = 0; j < 7; j++)
            {
                row += Math.Exp(s * Dot(x[i], y[j]));
                column += Math.Exp(s * Dot(x[j], y[i]));
            }

            expected -= (Math.Log(Math.Exp(s * Dot(x[i], y[i])) / row) + Math.Log(Math.Exp(s * Dot(x[i], y[i])) / column)) / 14;
        }

        GoldenCase.AssertClose(expected, ContrastiveLoss.Compute(u, v, tensor(LogScale)).item<double>(), "value");
        CheckGradients(t => ContrastiveLoss.Compute(t[0], t[1], t[2]), u, v, tensor(LogScale));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    public void FewerThanTwoPairsGiveZeroWithGraph(int n) =>
        CheckZeroWithGraph(t => ContrastiveLoss.Compute(t[0], t[1], t[2]), RandomUnit(n, 4, 1), RandomUnit(n, 4, 2), tensor(2.0));

    [TestMethod]
    [DataRow(ScalarType.Float32)]
    [DataRow(ScalarType.Float64)]
    public void CollapsedEmbeddingsStayFinite(ScalarType type)
    {
        var same = RandomUnit(1, 4, 1, type).expand(6, 4);
        CheckFinite(t => ContrastiveLoss.Compute(t[0], t[1], t[2]), same, same, tensor(LogitScale.Maximum, type));
    }

    [TestMethod]
    public void LeavesNoTensors() =>
        CheckLeavesNoTensors(t => ContrastiveLoss.Compute(t[0], t[1], t[2]), RandomUnit(6, 4, 1), RandomUnit(6, 4, 2), tensor(2.0));

    [TestMethod]
    [DataRow(0, 100, 100, 64, 0)]
    [DataRow(1, 100, 100, 64, 1)]
    [DataRow(10, 10_000, 0, 64, 2)]
    [DataRow(50, 100, 150, 64, 16)]
    [DataRow(50, 150, 100, 64, 16)]
    [DataRow(50, 0, 0, 64, 50)]
    [DataRow(100, 0, 0, 64, 64)]
    public void PairsPerBatchFollowsEquation1(int pairs, int unpairedA, int unpairedB, int batch, int expected) =>
        Assert.AreEqual(expected, ContrastiveLoss.PairsPerBatch(pairs, unpairedA, unpairedB, batch));

    [TestMethod]
    [DataRow(-1.0, 0.0)]
    [DataRow(2.0, 2.0)]
    [DataRow(7.0, 4.605170185988092)]
    public void LogitScaleIsClamped(double before, double after)
    {
        var logScale = tensor(before).requires_grad_();
        LogitScale.Clamp(logScale);
        Assert.AreEqual(after, logScale.item<double>(), 1e-15);
        Assert.IsTrue(logScale.requires_grad);
    }
}
