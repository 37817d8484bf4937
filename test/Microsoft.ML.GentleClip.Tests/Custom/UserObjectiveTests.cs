using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Custom;

/// <summary>A loss term of a user's own.</summary>
[TestClass]
public sealed class UserObjectiveTests
{
    [TestMethod]
    public void ItTrainsBothTowersAndIsInTheHistory()
    {
        // Nothing else trains: what moves, moves by the user's gradient.
        var options = Alone(60, new PairDistance { Weight = 2 });
        using var model = new MLContext(3).Transforms.GentleClip(options).Fit(CustomTraining.Rows);
        var values = model.History.Select(epoch => epoch.Losses["pair-distance"]).ToArray();
        Assert.HasCount(3, values);
        Assert.IsLessThan(values[0] / 3, values[^1], string.Join(' ', values));
        Assert.AreEqual(2 * values[^1], model.History[^1].Losses["total"], 1e-5);
        using var fresh = new MLContext(3).Transforms.GentleClip(Alone(1, new Given("none", batch => batch.EmbeddingsA.sum()))).Fit(CustomTraining.Rows);
        var (trained, untrained) = (model.Model.state_dict(), fresh.Model.state_dict());
        foreach (var name in new[] { "tower_a.encoder.layers.0.weight", "tower_b.encoder.layers.0.weight" })
            Assert.IsGreaterThan(0.01, (trained[name] - untrained[name]).abs().max().item<float>(), name);
    }

    [TestMethod]
    public void ItsGradientIsThatOfTheFormula()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(7);
        var (a, b) = (Unit(6, generator), Unit(5, generator));
        using var objective = new GentleClip.Objectives.TotalLoss([new PairDistance { Weight = 3 }]);
        using var losses = objective.Compute(new GentleClip.Objectives.ObjectiveInput
        {
            EmbeddingsA = a,
            EmbeddingsB = b,
            NumberOfPairs = 4,
            LogScale = zeros(1, ScalarType.Float64),
        });
        losses.Total.backward();
        // d/da of 3 mean |a - b|^2 over the 4 pairs; nothing for the unpaired rows.
        var expected = zeros_like(a);
        expected.narrow(0, 0, 4).copy_((a.narrow(0, 0, 4) - b.narrow(0, 0, 4)).detach() * 1.5);
        Assert.IsLessThan(1e-12, (a.grad! - expected).abs().max().item<double>());
        Assert.IsLessThan(1e-12, (b.grad!.narrow(0, 0, 4) + expected.narrow(0, 0, 4)).abs().max().item<double>());
        Assert.AreEqual(0, b.grad!.narrow(0, 4, 1).abs().max().item<double>());
    }

    [TestMethod]
    public void TheBatchIsWhatItSays()
    {
        var seen = new List<(int Step, int Steps, int Pairs, long A, long B, long UnpairedA, float Length, float Scale)>();
        Given Watch(string name, bool unpaired) => new(name, batch =>
        {
            seen.Add((batch.Step, batch.NumberOfSteps, batch.NumberOfPairs, batch.EmbeddingsA.size(0), batch.EmbeddingsB.size(0), batch.UnpairedA.size(0),
                batch.EmbeddingsB.norm(1).mean().item<float>(), batch.LogitScale.item<float>()));
            Assert.Contains("set ObjectiveNeeds.SecondViews", Assert.ThrowsExactly<InvalidOperationException>(() => batch.SecondViewsA).Message);
            return (batch.EmbeddingsA.sum() + batch.EmbeddingsB.sum()) * batch.LogitScale;
        }, unpaired);
        var options = Alone(2, Watch("all", true), Watch("pairs", false));
        (options.Batches.Size, options.Batches.PairsPerBatch) = (32, 12);
        using var model = new MLContext(3).Transforms.GentleClip(options).Fit(CustomTraining.Rows);
        Assert.HasCount(4, seen);
        foreach (var (step, steps, pairs, a, b, unpairedA, length, scale) in seen)
        {
            Assert.AreEqual((2, 12), (steps, pairs));
            Assert.AreEqual(1f, length, 1e-5f);
            Assert.AreEqual(1 / 0.07f, scale, 0.1f);
        }
        Assert.AreEqual((0, 32L, 32L, 20L), (seen[0].Step, seen[0].A, seen[0].B, seen[0].UnpairedA));
        Assert.AreEqual((1, 12L, 12L, 0L), (seen[3].Step, seen[3].A, seen[3].B, seen[3].UnpairedA));
        Assert.AreNotEqual(Math.Log(1 / 0.07), model.Model.LogitScale.item<float>(), 1e-9, "no gradient came to the temperature");
    }

    [TestMethod]
    public void AnUnpairedOneTrainsWithoutPairsAndIsGuarded()
    {
        var rows = new MLContext(1).Data.LoadFromEnumerable(TwoViews.Mixed(0, 60, 50));
        var centre = new Given("centre", batch => (batch.EmbeddingsA.mean([0]) - batch.EmbeddingsB.mean([0])).pow(2).sum());
        var alone = Alone(40, centre);
        alone.AllowNoPairs = true;
        using (var model = new MLContext(3).Transforms.GentleClip(alone).Fit(rows))
            Assert.IsLessThan(model.History[0].Losses["centre"], model.History[^1].Losses["centre"]);
        var paired = new Given("centre", batch => batch.EmbeddingsA.sum(), unpaired: false);
        Assert.Contains("the losses on unpaired samples are off",
            Assert.ThrowsExactly<InvalidOperationException>(() => new MLContext(3).Transforms.GentleClip(Alone(4, paired)).Fit(rows)).Message);

        // The opposite of aligning, among unpaired samples: the guard must turn it off, and keep the one on pairs.
        var options = Alone(60,
            new Given("spoil",
                batch => batch.UnpairedA.mm(batch.UnpairedB.t()).pow(2).mean().neg() + batch.PairedA.mm(batch.PairedB.t()).diagonal().mean())
            { Weight = 20 },
                    new PairDistance());
        options.Objectives = options.Objectives.With(new ContrastiveObjective());
        (options.Validation.Fraction, options.Validation.GuardUnpairedObjectives) = (0.3, true);
        using var guarded = new MLContext(3).Transforms.GentleClip(options).Fit(CustomTraining.Rows);
        Assert.IsFalse(guarded.UnpairedObjectives!.Kept);
        Assert.DoesNotContain("spoil", guarded.History[0].Losses.Keys);
        Assert.Contains("pair-distance", guarded.History[0].Losses.Keys);
    }

    [TestMethod]
    public void AWeightOfZeroLeavesItOut()
    {
        var options = TwoViews.Options(1);
        options.Objectives = options.Objectives.With(new Given("never", _ => throw new InvalidOperationException("called")) { Weight = 0 });
        using var model = new MLContext(3).Transforms.GentleClip(options).Fit(CustomTraining.Rows);
        Assert.DoesNotContain("never", model.History[0].Losses.Keys);
    }

    [TestMethod]
    public void FaultsAreNamed()
    {
        Fails(_ => throw new NotSupportedException("no luck"), "The objective 'mine' failed at step 0: no luck");
        Fails(batch => batch.EmbeddingsA,
            "The objective 'mine' gave a tensor of shape [64, 16] at step 0; expected a scalar of Float32 on cpu that depends on the embeddings.");
        Fails(batch => batch.EmbeddingsA.sum().to(ScalarType.Float64), "gave a scalar of Float64 on cpu at step 0");
        Fails(batch => batch.EmbeddingsA.detach().sum(), "gave a number that does not depend on the embeddings (no gradient)");
        Fails(_ => null!, "The objective 'mine' gave null");
        var nan = Alone(3, new Given("mine", batch => batch.EmbeddingsA.sum().log() - batch.EmbeddingsA.sum().neg().log()));
        Assert.Contains("Training stopped at step 0: the loss term 'mine' is NaN",
            Assert.ThrowsExactly<ArithmeticException>(() => new MLContext(3).Transforms.GentleClip(nan).Fit(CustomTraining.Rows)).Message);

        var options = TwoViews.Options(1);
        Assert.Contains(
            "2 objectives of the name 'pair-distance'",
            Assert.ThrowsExactly<ArgumentException>(() => options.Objectives = [new PairDistance(), new PairDistance()]).Message);
        Assert.Contains("has a field 'weight' of Parameter", Assert.ThrowsExactly<ArgumentException>(() => options.Objectives = [new Learnable()]).Message);
        Assert.Contains("has a field 'seen' of Dictionary", Assert.ThrowsExactly<ArgumentException>(() => options.Objectives = [new Remembering()]).Message);
        Assert.Contains("expected 1 to 64 letters", Assert.ThrowsExactly<ArgumentException>(() => new Given("a b", _ => null!)).Message);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new PairDistance { Weight = -1 });
        Assert.Contains(
            "2 objectives of the name 'mmd'",
            Assert.ThrowsExactly<ArgumentException>(
                () => options.Objectives = [new MmdObjective(), new Given("mmd", batch => batch.EmbeddingsA.sum())]).Message);
        Assert.Contains(
            "2 objectives of the name 'selfSupervisedB'",
            Assert.ThrowsExactly<ArgumentException>(() => options.Objectives = options.Objectives.With(new Given("selfSupervisedB", _ => null!))).Message);
        Assert.Contains(
            "which is the history's name of the weighted sum", Assert.ThrowsExactly<ArgumentException>(() => new Given("total", _ => null!)).Message);
        Assert.Contains("an element that is null", Assert.ThrowsExactly<ArgumentException>(() => options.Objectives = [null!]).Message);

        static void Fails(Func<ObjectiveBatch, Tensor> compute, string expected) => Assert.Contains(expected,
            Assert.ThrowsExactly<InvalidOperationException>(
                () => new MLContext(3).Transforms.GentleClip(Alone(3, new Given("mine", compute))).Fit(CustomTraining.Rows)).Message);
    }

    [TestMethod]
    public void AConstantZeroSaysThatThereIsNothing()
    {
        using var model = new MLContext(3).Transforms.GentleClip(Alone(2, new Given("nothing", _ => zeros([])))).Fit(CustomTraining.Rows);
        Assert.AreEqual(0, model.History[0].Losses["nothing"]);
    }

    private static GentleClipOptions Alone(int steps, params Objective[] objectives)
    {
        var options = TwoViews.Options(steps);
        (options.Objectives, options.Seed, options.PairedColumnName) = ([.. objectives], 3, "IsPaired");
        return options;
    }

    private static Tensor Unit(int rows, Generator generator) =>
        nn.functional.normalize(randn(rows, 3, dtype: ScalarType.Float64, generator: generator), p: 2, dim: 1, eps: 1e-12).detach().requires_grad_();

    private sealed record Remembering() : Objective("remembering")
    {
        private readonly Dictionary<string, Tensor[]> seen = new() { ["a"] = [ones(1)] };

        public override Tensor Compute(ObjectiveBatch batch) => batch.EmbeddingsA.sum() * seen["a"][0].sum();
    }

    private sealed record Learnable : Objective
    {
        private readonly Parameter weight = nn.Parameter(ones(1));

        public Learnable() : base("learnable")
        {
        }

        public override Tensor Compute(ObjectiveBatch batch) => batch.EmbeddingsA.sum() * weight.sum();
    }
}
