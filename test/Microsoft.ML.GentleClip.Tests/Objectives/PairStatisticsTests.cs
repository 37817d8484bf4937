using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

/// <summary>
/// Statistics that objectives share, against plain expressions whose gradients are autograd's: alone, together, with and without a workspace, in blocks.
/// </summary>
[TestClass]
public sealed class PairStatisticsTests : ObjectiveTest
{
    private const int Pairs = 4;

    private static Tensor[] Inputs(ScalarType type = ScalarType.Float64) =>
    [
        Random(13, 5, 1, type), Random(9, 5, 2, type), RandomUnit(13, 5, 3, type), RandomUnit(9, 5, 4, type), tensor(1.3).to(type), tensor(0.6).to(type),
    ];

    // Every kind of statistic, in the order in which it is asked for, and what it is.
    private static readonly (string Name, Func<Tensor[], PairRequest> Request, Func<Tensor[], Tensor> Plain)[] Kinds =
    [
        ("guest", t => new LogSumExpRequest(PairMatrix.AB, Affinity.Dot, t[4], t[4], Leading: Pairs), t => Both(Corner(Dots(t[0], t[1])) * t[4])),
        ("self guest", t => new LogSumExpRequest(PairMatrix.A, Affinity.Dot, t[5], Excluded: 13, Leading: 13),
            t => (Dots(t[0], t[0]) * t[5]).masked_fill(eye(13).to(ScalarType.Bool), -1e30).logsumexp(1)),
        ("A", t => new LogSumExpRequest(PairMatrix.A, Affinity.NegativeSquaredDistance, t[4], Excluded: 13),
            t => (Distances(t[0], t[0]) * -t[4]).masked_fill(eye(13).to(ScalarType.Bool), -1e30).logsumexp(1)),
        ("B", t => new LogSumExpRequest(PairMatrix.B, Affinity.NegativeSquaredDistance, t[5]), t => (Distances(t[1], t[1]) * -t[5]).logsumexp(1)),
        ("AB", t => new LogSumExpRequest(PairMatrix.AB, Affinity.NegativeSquaredDistance, t[4], t[5], Excluded: Pairs),
            t => cat([Masked(Distances(t[0], t[1]) * -t[4]).logsumexp(1), Masked(Distances(t[0], t[1]) * -t[5]).logsumexp(0)], 0)),
        ("AB of one scale", t => new LogSumExpRequest(PairMatrix.AB, Affinity.NegativeSquaredDistance, t[4], t[4]), t => Both(Distances(t[0], t[1]) * -t[4])),
        ("dots of AB", t => new LogSumExpRequest(PairMatrix.AB, Affinity.Dot, t[4], t[5]),
            t => cat([(Dots(t[0], t[1]) * t[4]).logsumexp(1), (Dots(t[0], t[1]) * t[5]).logsumexp(0)], 0)),
        ("second views of A", t => new LogSumExpRequest(PairMatrix.SecondViewsA, Affinity.Dot, t[4]), t => (Dots(t[0], t[2]) * t[4]).logsumexp(1)),
        ("second views of B", t => new LogSumExpRequest(PairMatrix.SecondViewsB, Affinity.Dot, t[5]), t => (Dots(t[1], t[3]) * t[5]).logsumexp(1)),
        ("Gauss of A", t => new GaussianRequest(PairMatrix.A, tensor(0.7, t[0].dtype), ExcludeSelf: true),
            t => (Distances(t[0], t[0]) / -1.4).exp().sum() - 13),
        ("Gauss of AB", t => new GaussianRequest(PairMatrix.AB, tensor(0.7, t[0].dtype), ExcludeSelf: false),
            t => (Distances(t[0], t[1]) / -1.4).exp().sum()),
        ("cubic of B", t => new PolynomialRequest(PairMatrix.B, new(3, 0.8, 0.6, 2), ExcludeSelf: false),
            t => (Dots(t[1], t[1]) * 0.8 + 0.6).pow(3).sum() / 2),
        ("linear of AB", t => new PolynomialRequest(PairMatrix.AB, new(1, 0.8, 0.6, 2), ExcludeSelf: false), t => (Dots(t[0], t[1]) * 0.8 + 0.6).sum() / 2),
    ];

    public static IEnumerable<object[]> Each => from kind in Kinds
                                                from block in new[] { 1, 4, 100 }
                                                from keeps in new[] { false, true }
                                                select new object[] { kind.Name, block, keeps };

    public static IEnumerable<object[]> Sizes => from block in new[] { 1, 4, 100 } from keeps in new[] { false, true } select new object[] { block, keeps };

    [TestMethod]
    [DynamicData(nameof(Each))]
    public void AloneItIsWhatItSays(string name, int block, bool keeps)
    {
        var kind = Kinds.Single(kind => kind.Name == name);
        // A guest comes where another one wants its matrix.
        var host = kind.Name.Contains("guest", StringComparison.Ordinal) ? Kinds.Where(other => other.Name is "AB" or "A").ToArray() : [];
        Compare([kind, .. host], block, keeps, Inputs(), 1e-10);
    }

    [TestMethod]
    [DynamicData(nameof(Sizes))]
    public void TogetherTheyAreTheSame(int block, bool keeps) => Compare(Kinds, block, keeps, Inputs(), 1e-10);

    [TestMethod]
    [DynamicData(nameof(Sizes))]
    public void InFloat32TheyAreNear(int block, bool keeps) => Compare(Kinds, block, keeps, Inputs(ScalarType.Float32), 2e-5);

    // The exponents of the rows lie far apart: one exponential for rows and columns would overflow.
    [TestMethod]
    [DataRow(1.0)]
    [DataRow(300.0)]
    public void ExponentsFarApartStayFinite(double scale)
    {
        var inputs = Inputs();
        inputs[4] = tensor(scale);
        Compare(Kinds, 4, true, inputs, 1e-9);
        inputs = [.. inputs.Select(input => input.to(ScalarType.Float32))];
        CheckFinite(t => Shared(t, Kinds, 4, null), inputs);
    }

    [TestMethod]
    public void AGuestAloneIsNotComputed()
    {
        var t = Inputs();
        var pairs = new PairStatistics(t[0], t[1], 100);
        var result = pairs.Add(Kinds[0].Request(t));
        pairs.Compute();
        Assert.IsFalse(result.IsThere);
        Assert.ThrowsExactly<InvalidOperationException>(() => result.Value);
    }

    // Two batches of one training, the first's backward after the second's forward, and a later question to the first.
    [TestMethod]
    public void AWorkspaceThatAnotherBatchTookIsNotRead()
    {
        using var workspace = new PairWorkspace();
        var (first, second) = (Leaves(Inputs()), Leaves([.. Inputs().Select(input => input * 1.1)]));
        var (one, two) = (Shared(first, Kinds, 4, workspace), Shared(second, Kinds, 4, workspace));
        one.backward();
        two.backward();
        foreach (var leaves in new[] { first, second })
        {
            var plain = Leaves(leaves);
            Plain(plain, Kinds).backward();
            for (var i = 0; i < leaves.Length; i++)
                GoldenCase.AssertClose(plain[i].grad!, leaves[i].grad!, $"input {i}", 1e-10);
        }

        var pairs = new PairStatistics(first[0], first[1], 4, workspace);
        foreach (var kind in Kinds.Where(kind => kind.Name is "A" or "dots of AB" or "Gauss of A" or "AB"))
        {
            var result = pairs.Add(kind.Request(first));
            pairs.Compute();
            GoldenCase.AssertClose(kind.Plain(first).detach().reshape(-1), result.Value.detach(), kind.Name, 1e-10);
        }
    }

    [TestMethod]
    public void TheWorkspaceStaysAsItIsFromStepToStep()
    {
        using var workspace = new PairWorkspace();
        CheckLeavesNoTensors(t => Shared(t, Kinds, 4, workspace), Inputs());
    }

    // What the objectives of a training compute together is what each computes alone.
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void ObjectivesOfOneTrainingAreThoseAlone(bool printed)
    {
        Objective[] objectives =
        [
            new ContrastiveObjective(), new SelfSupervisedObjective { Form = printed ? SelfSupervisedForm.FirstViews : SelfSupervisedForm.SimCse },
            new MmdObjective(), new SddObjective(), new Wrapped(),
        ];
        var inputs = Inputs();
        foreach (var i in new[] { 0, 1 })
            inputs[i] = Unit(inputs[i]);
        Tensor Total(Tensor[] t, ObjectiveList list) => new TotalLoss(list, 5).Compute(new()
        {
            EmbeddingsA = t[0],
            EmbeddingsB = t[1],
            SecondViewsA = t[2],
            SecondViewsB = t[3],
            LogScale = t[4],
            NumberOfPairs = Pairs,
        }).Total;
        var together = Differentiate(t => Total(t, [.. objectives]), inputs);
        var alone = Differentiate(t => objectives.Select(objective => Total(t, [objective])).Aggregate((sum, term) => sum + term), inputs);
        GoldenCase.AssertClose(alone.Value, together.Value, "value", 1e-12);
        for (var i = 0; i < 5; i++)
            GoldenCase.AssertClose(alone.Gradients[i], together.Gradients[i], $"gradient {i}", 1e-10);
    }

    // A user's objective that calls the library's, after the training's own have computed.
    private sealed record Wrapped() : Objective("wrapped")
    {
        public override ObjectiveNeeds Needs { get; } = new() { UnpairedSamples = true };

        public override Tensor Compute(ObjectiveBatch batch) => new SddObjective { Bandwidth = 0.9 }.Compute(batch) + new MmdObjective().Compute(batch);
    }

    private static void Compare(
        IReadOnlyList<(string Name, Func<Tensor[], PairRequest> Request, Func<Tensor[], Tensor> Plain)> kinds, int block, bool keeps, Tensor[] inputs,
        double tolerance)
    {
        using var workspace = keeps ? new PairWorkspace() : null;
        var (expected, actual) = (Differentiate(t => Plain(t, kinds), inputs), Differentiate(t => Shared(t, kinds, block, workspace), inputs));
        GoldenCase.AssertClose(expected.Value, actual.Value, "value", tolerance);
        for (var i = 0; i < inputs.Length; i++)
            GoldenCase.AssertClose(expected.Gradients[i], actual.Gradients[i], $"gradient of input {i}", tolerance);
    }

    private static Tensor Shared(
        Tensor[] t, IReadOnlyList<(string Name, Func<Tensor[], PairRequest> Request, Func<Tensor[], Tensor> Plain)> kinds, int block, PairWorkspace? workspace)
    {
        var pairs = new PairStatistics(t[0], t[1], block, workspace, t[2], t[3]);
        var results = kinds.Select(kind => pairs.Add(kind.Request(t))).ToArray();
        pairs.Compute();
        return Sum(results.Select(result => result.Value));
    }

    private static Tensor Plain(Tensor[] t, IReadOnlyList<(string Name, Func<Tensor[], PairRequest> Request, Func<Tensor[], Tensor> Plain)> kinds) =>
        Sum(kinds.Select(kind => kind.Plain(t).reshape(-1)));

    // Each number with a weight of its own, so that no gradient hides behind another.
    private static Tensor Sum(IEnumerable<Tensor> values)
    {
        var all = cat(values.ToArray(), 0);
        return (all * arange(1, 1 + all.numel(), all.dtype).sin()).sum();
    }

    private static Tensor[] Leaves(Tensor[] inputs) => [.. inputs.Select(input => input.detach().clone().requires_grad_())];

    private static Tensor Dots(Tensor x, Tensor y) => (x.unsqueeze(1) * y.unsqueeze(0)).sum(dim: 2);

    private static Tensor Distances(Tensor x, Tensor y) => (x.unsqueeze(1) - y.unsqueeze(0)).pow(2).sum(dim: 2);

    private static Tensor Corner(Tensor matrix) => matrix.narrow(0, 0, Pairs).narrow(1, 0, Pairs);

    private static Tensor Both(Tensor exponents) => cat([exponents.logsumexp(1), exponents.logsumexp(0)], 0);

    private static Tensor Masked(Tensor exponents) =>
        exponents.masked_fill(Pairwise.DiagonalMask(exponents.size(0), exponents.size(1), Pairs, exponents.device), -1e30);
}
