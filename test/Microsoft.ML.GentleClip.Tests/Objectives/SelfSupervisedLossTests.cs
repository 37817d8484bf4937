using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

[TestClass]
public sealed class SelfSupervisedLossTests : ObjectiveTest
{
    public static IEnumerable<object[]> Cases => GoldenCase.Rows("ssl.json");

    public static IEnumerable<object[]> Forms => Enum.GetNames<SelfSupervisedForm>().Select(f => new object[] { f });

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Golden(GoldenCase golden)
    {
        var (z, positives) = (golden.Input("z"), golden.Input("z_plus"));
        var logScale = tensor(-Math.Log(golden.Number("tau")));
        golden.Check(SelfSupervisedLoss.Compute(Unit(z), Unit(positives), logScale, Form(golden.Text("form")!)), ("z", z), ("z_plus", positives));
    }

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void EqualsNaiveLoop(string name)
    {
        var form = Form(name);
        var (z, p) = (RandomUnit(6, 4, 3), RandomUnit(6, 4, 4));
        const double LogScale = 0.7;
        var (views, s) = (ToRows(cat([z, p], 0)), Math.Exp(LogScale));
        double E(int i, int j) => Math.Exp(s * Dot(views[i], views[j]));
        double Denominator(int i) => form switch
        {
            SelfSupervisedForm.FirstViews => Enumerable.Range(0, 6).Sum(j => E(i, j)),
            SelfSupervisedForm.SimCse => Enumerable.Range(6, 6).Sum(j => E(i, j)),
            SelfSupervisedForm.Both => Enumerable.Range(0, 6).Where(j => j != i).Append(i + 6).Sum(j => E(i, j)),
            _ => Enumerable.Range(0, 12).Where(j => j != i).Sum(j => E(i, j)),
        };
        var anchors = form == SelfSupervisedForm.NtXent ? 12 : 6;
        var expected = Enumerable.Range(0, anchors).Average(i => -Math.Log(E(i, (i + 6) % 12) / Denominator(i)));

        GoldenCase.AssertClose(expected, SelfSupervisedLoss.Compute(z, p, tensor(LogScale), form).item<double>(), "value");
        CheckGradients(t => SelfSupervisedLoss.Compute(t[0], t[1], t[2], form), z, p, tensor(LogScale));
    }

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void EmptyBatchGivesZeroWithGraph(string form) =>
        CheckZeroWithGraph(t => SelfSupervisedLoss.Compute(t[0], t[1], t[2], Form(form)), zeros(0, 4, float64), zeros(0, 4, float64), tensor(2.0));

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void CollapsedOrSingleStayFinite(string form)
    {
        var same = RandomUnit(1, 4, 1, ScalarType.Float32);
        CheckFinite(t => SelfSupervisedLoss.Compute(t[0], t[1], t[2], Form(form)), same, same, tensor(4.6f));
        CheckFinite(t => SelfSupervisedLoss.Compute(t[0], t[1], t[2], Form(form)), same.expand(5, 4), same.expand(5, 4), tensor(4.6f));
    }

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void LeavesNoTensors(string form) =>
        CheckLeavesNoTensors(t => SelfSupervisedLoss.Compute(t[0], t[1], t[2], Form(form)), RandomUnit(6, 4, 1), RandomUnit(6, 4, 2), tensor(2.0));

    /// <summary>The form of a golden case, whose files call the paper's as printed.</summary>
    internal static SelfSupervisedForm Form(string name) =>
        name == "printed" ? SelfSupervisedForm.FirstViews : Enum.Parse<SelfSupervisedForm>(name, ignoreCase: true);
}
