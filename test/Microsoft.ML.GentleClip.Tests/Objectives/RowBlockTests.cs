using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

/// <summary>The row-block forms against the plain ones: values and gradients, ragged last blocks, unequal sides.</summary>
[TestClass]
public sealed class RowBlockTests : ObjectiveTest
{
    private const int Plain = 10_000;
    private static readonly int[] BlockSizes = [1, 2, 5, 12];

    [TestMethod]
    public void Contrastive() => CheckEqual(
        (t, block) => ContrastiveLoss.Compute(t[0], t[1], t[2], block), RandomUnit(13, 5, 1), RandomUnit(13, 5, 2), tensor(2.3));

    [TestMethod]
    [DataRow(nameof(SelfSupervisedForm.FirstViews))]
    [DataRow(nameof(SelfSupervisedForm.SimCse))]
    [DataRow(nameof(SelfSupervisedForm.Both))]
    [DataRow(nameof(SelfSupervisedForm.NtXent))]
    public void SelfSupervised(string form) => CheckEqual(
        (t, block) => SelfSupervisedLoss.Compute(t[0], t[1], t[2], Enum.Parse<SelfSupervisedForm>(form), block),
        RandomUnit(13, 5, 1), RandomUnit(13, 5, 2), tensor(2.3));

    [TestMethod]
    [DataRow(false, 2)]
    [DataRow(true, 2)]
    [DataRow(false, 3)]
    [DataRow(false, 1)]
    public void MkMmd(bool unbiased, int degree)
    {
        var settings = new MmdObjective { GaussianBandwidth = Math.Sqrt(0.7), Unbiased = unbiased, Polynomial = new(degree, 0.8, 0.6, 3) };
        CheckEqual((t, block) => new MkMmdLoss(settings, block).Compute(t[0], t[1], t[2]), RandomUnit(13, 5, 1), RandomUnit(7, 5, 2), tensor([0.3, 0.9]));
        CheckEqual((t, block) => new MkMmdLoss(settings, block).Compute(t[0], t[1], t[2]), Random(7, 5, 3), Random(13, 5, 4), tensor([0.3, 0.9]));
    }

    public static IEnumerable<object?[]> SddForms =>
        from variance in Enum.GetNames<SddVariance>()
        from leaveOneOut in new[] { false, true }
        from temperature in new double?[] { null, 0.5, 3 }
        select new object?[] { variance, leaveOneOut, temperature };

    [TestMethod]
    [DynamicData(nameof(SddForms))]
    public void Sdd(string variance, bool leaveOneOut, double? temperature)
    {
        var settings =
            new SddObjective { Bandwidth = 0.8, Variance = Enum.Parse<SddVariance>(variance), LeaveOneOut = leaveOneOut, DistanceTemperature = temperature };
        CheckEqual((t, block) => SddLoss.Compute(t[0], t[1], settings, 4, block), RandomUnit(13, 5, 1), RandomUnit(7, 5, 2));
        CheckEqual((t, block) => SddLoss.Compute(t[0], t[1], settings, 7, block), RandomUnit(7, 5, 3), RandomUnit(13, 5, 4));
    }

    [TestMethod]
    public void DefaultBlockSizeIsUsedAboveIt()
    {
        // One row more than a block: the plain form would hold a second matrix of this size for each step.
        var (u, v) = (RandomUnit(Pairwise.DefaultBlockSize + 1, 8, 1), RandomUnit(Pairwise.DefaultBlockSize + 1, 8, 2));
        Tensor Total(Tensor[] t, int block) => new TotalLoss([new ContrastiveObjective(), new MmdObjective(), new SddObjective()], block)
            .Compute(new() { EmbeddingsA = t[0], EmbeddingsB = t[1], LogScale = t[2], NumberOfPairs = Pairwise.DefaultBlockSize + 1 }).Total;
        CheckSame(t => Total(t, Plain), t => Total(t, Pairwise.DefaultBlockSize), u, v, tensor(2.3));
    }

    [TestMethod]
    public void LeavesNoTensorsWithOrWithoutGradients()
    {
        var (u, v, logScale) = (RandomUnit(13, 5, 1), RandomUnit(9, 5, 2), tensor(2.0));
        var objective = new TotalLoss(new GentleClipOptions().Objectives, 4);
        Tensor Total(Tensor[] t) => objective.Compute(new()
        {
            EmbeddingsA = t[0],
            EmbeddingsB = t[1],
            SecondViewsA = t[0],
            SecondViewsB = t[1],
            LogScale = t[2],
            NumberOfPairs = 6,
        }).Total;
        CheckLeavesNoTensors(Total, u, v, logScale);

        var before = LiveTensors.Settled();
        using (no_grad())
        {
            using var scope = NewDisposeScope();
            Assert.IsFalse(Total([u, v, logScale]).requires_grad);
        }

        LiveTensors.AssertAtMost(before);
    }

    [TestMethod]
    public void CollapsedEmbeddingsStayFinite()
    {
        var same = RandomUnit(1, 4, 1, ScalarType.Float32).expand(9, 4);
        CheckFinite(t => SddLoss.Compute(t[0], t[1], new(), 9, 4), same, same);
        CheckFinite(t => new MkMmdLoss(new(), 4).Compute(t[0], t[1]), same, same);
        CheckFinite(t => SelfSupervisedLoss.Compute(t[0], t[1], t[2], SelfSupervisedForm.NtXent, 4), same, same, tensor(4.6f));
    }

    private static void CheckEqual(Func<Tensor[], int, Tensor> compute, params Tensor[] inputs)
    {
        foreach (var block in BlockSizes)
            CheckSame(t => compute(t, Plain), t => compute(t, block), inputs);
    }

    private static void CheckSame(Func<Tensor[], Tensor> plain, Func<Tensor[], Tensor> blocks, params Tensor[] inputs)
    {
        var (expected, actual) = (Differentiate(t => 1.7 * plain(t), inputs), Differentiate(t => 1.7 * blocks(t), inputs));
        GoldenCase.AssertClose(expected.Value, actual.Value, "value", 1e-11);
        for (var k = 0; k < inputs.Length; k++)
            GoldenCase.AssertClose(expected.Gradients[k], actual.Gradients[k], $"gradient of input {k}", 1e-10);
    }
}
