using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Custom;

/// <summary>A loss that this assembly alone knows takes part in a training like one of the library's: nothing of it is entered anywhere.</summary>
[TestClass]
public sealed class ToyObjectiveTests
{
    private static readonly MLContext MlContext = new(3);

    [TestMethod]
    public void ItGetsAllThatItNeeds()
    {
        var seen = new List<string>();
        var options = Options(4);
        options.ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.Teacher };
        options.Objectives = [new ContrastiveObjective(), new Toy(batch => seen.Add(Describe(batch)))];
        using var model = MlContext.Transforms.GentleClip(options).Fit(CustomTraining.Rows);
        // 32 rows of each side in a batch, 16 of them pairs.
        Assert.AreEqual("rows 32, 32; unpaired 16, 16; views 32 differ True; averaged 32 apart True; closed form 32, 32", seen[0]);
        Assert.HasCount(4, seen);
        CollectionAssert.AreEqual(new[] { "contrastive", "toy", "total" }, model.History[0].Losses.Keys.ToArray());
        Assert.AreEqual(
            model.History[0].Losses["contrastive"] + 0.5 * model.History[0].Losses["toy"], model.History[0].Losses["total"], 1e-4);
    }

    [TestMethod]
    public void ItIsGuarded()
    {
        var options = Options(40);
        (options.Validation.Fraction, options.Validation.GuardUnpairedObjectives) = (0.3, true);
        var computed = 0;
        // Against the pairs, so that the training without it validates better.
        options.Objectives = [new ContrastiveObjective(), new Toy(_ => computed++) { Weight = 30, NeedsClosedForm = false }];
        using var model = MlContext.Transforms.GentleClip(options).Fit(CustomTraining.Rows);
        Assert.AreEqual(40, computed, "of two trainings of 40 steps one has it");
        Assert.IsFalse(model.UnpairedObjectives!.Kept, model.UnpairedObjectives.ToString());
        CollectionAssert.AreEqual(new[] { "contrastive", "total" }, model.History[0].Losses.Keys.ToArray());
    }

    [TestMethod]
    public void ItNeedsNoPairsUnlessItSaysSo()
    {
        var rows = new MLContext(1).Data.LoadFromEnumerable(TwoViews.Mixed(0, 60, 50));
        var options = Options(4);
        (options.AllowNoPairs, options.Objectives) = (true, [new Toy { NeedsClosedForm = false }]);
        using (var model = MlContext.Transforms.GentleClip(options).Fit(rows))
            Assert.Contains("toy", model.History[0].Losses.Keys);
        options.Objectives = [new ContrastiveObjective(), new Toy { NeedsClosedForm = false, RestsOnPairs = true }];
        Assert.Contains(
            "the losses on unpaired samples are off",
            Assert.ThrowsExactly<InvalidOperationException>(() => MlContext.Transforms.GentleClip(options).Fit(rows)).Message);
        options.Objectives = [new Toy()];
        Assert.Contains(
            "The objective 'toy' has a weight of 0.5, but there is no ClosedForm that it could follow",
            Assert.ThrowsExactly<ArgumentException>(() => MlContext.Transforms.GentleClip(options)).Message);
    }

    [TestMethod]
    public void ItIsLeftOutAloudWhereThereCanBeNoClosedForm()
    {
        var mlContext = new MLContext(3);
        var messages = new List<string>();
        mlContext.Log += (_, entry) => messages.Add(entry.Message);
        var rows = mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(0, 60, 50));
        var options = Options(4);
        (options.AllowNoPairs, options.ClosedForm) = (true, new ClosedFormOptions { Role = ClosedFormRole.BesideTowers, Optional = true });
        options.Objectives = [new MmdObjective(), new Toy(), new KlotObjective()];
        using (var model = mlContext.Transforms.GentleClip(options).Fit(rows))
            CollectionAssert.AreEqual(new[] { "mmd", "total" }, model.History[0].Losses.Keys.ToArray());
        const string said = "No closed form: there are 0 matched pairs. The objectives that follow it are left out: toy, klot.";
        Assert.IsTrue(messages.Exists(message => message.Contains(said, StringComparison.Ordinal)), string.Join('\n', messages));
        options.Objectives = [new Toy { RestsOnPairs = false }, new Following()];
        var message = Assert.ThrowsExactly<InvalidOperationException>(() => mlContext.Transforms.GentleClip(options).Fit(rows)).Message;
        Assert.Contains("There can be no ClosedForm here, and of the objectives that do not follow it () none that looks at pairs", message);
    }

    [TestMethod]
    public void ItsSettingsRampAndNeedsAreInTheCheckpoint()
    {
        using var folder = new Runtime.TemporaryFolder();
        var options = Options(6);
        options.Checkpoints.Directory = folder.File("checkpoints");
        options.Objectives = [new ContrastiveObjective(), new Toy { NeedsClosedForm = false }];
        using (MlContext.Transforms.GentleClip(options).Fit(CustomTraining.Rows))
        {
        }
        options.Objectives =
            [new Toy { NeedsClosedForm = false, RestsOnPairs = true, Margin = 3, Ramp = new WeightRamp { End = 0.7 } }, new ContrastiveObjective()];
        var message = Assert.ThrowsExactly<InvalidOperationException>(() => MlContext.Transforms.GentleClip(options).Fit(CustomTraining.Rows)).Message;
        string[] differences =
        [
            "Objectives is toy, contrastive, was contrastive, toy", "Objectives.toy.Margin is 3, was 2", "Objectives.toy.Ramp.End is 0.7, was not set",
            "Objectives.toy.Needs.Pairs is True, was False",
        ];
        foreach (var difference in differences)
            Assert.Contains(difference, message);
    }

    [TestMethod]
    public void ItsRampKeepsItOutAtFirst()
    {
        var options = Options(60);
        options.Objectives = [new ContrastiveObjective(), new Toy { NeedsClosedForm = false, Ramp = new WeightRamp { Start = 0.5, End = 0.6 } }];
        using var model = MlContext.Transforms.GentleClip(options).Fit(CustomTraining.Rows);
        CollectionAssert.AreEqual(new[] { false, true, true }, model.History.Select(epoch => epoch.Losses.ContainsKey("toy")).ToArray());
    }

    private static GentleClipOptions Options(int steps)
    {
        var options = TwoViews.Options(steps);
        (options.PairedColumnName, options.Seed, options.Batches.Size, options.Batches.PairsPerBatch) = ("IsPaired", 3, 32, 16);
        return options;
    }

    private static string Describe(ObjectiveBatch batch)
    {
        using var scope = NewDisposeScope();
        var differ = (batch.SecondViewsA - batch.EmbeddingsA).abs().max().item<float>() > 1e-3;
        var apart = (batch.AveragedA - batch.EmbeddingsA).abs().max().item<float>() > 1e-4; // the average has no noise
        return $"rows {batch.EmbeddingsA.size(0)}, {batch.EmbeddingsB.size(0)}; unpaired {batch.UnpairedA.size(0)}, {batch.UnpairedB.size(0)}; "
            + $"views {batch.SecondViewsB.size(0)} differ {differ}; averaged {batch.AveragedB.size(0)} apart {apart}; "
            + $"closed form {batch.ClosedFormA.size(0)}, {batch.ClosedFormB.size(0)}";
    }

    /// <summary>Looks only at pairs, and at the closed form.</summary>
    private sealed record Following() : Objective("following")
    {
        public override ObjectiveNeeds Needs => new() { ClosedForm = true };

        public override Tensor Compute(ObjectiveBatch batch) => batch.EmbeddingsA.mm(batch.EmbeddingsB.t()).sum() * batch.ClosedFormA.sum();
    }

    /// <summary>Pulls second views together across modalities, whoever they belong to.</summary>
    private sealed record Toy : Objective
    {
        private readonly Action<ObjectiveBatch>? _watch;

        public Toy(Action<ObjectiveBatch>? watch = null)
            : base("toy") => (_watch, Weight) = (watch, 0.5);

        public double Margin { get; init; } = 2;

        public bool NeedsClosedForm { get; init; } = true;

        public bool RestsOnPairs { get; init; }

        public override ObjectiveNeeds Needs =>
            new() { UnpairedSamples = true, Pairs = RestsOnPairs, SecondViews = true, AverageDecay = 0.5, ClosedForm = NeedsClosedForm };

        public override Tensor Compute(ObjectiveBatch batch)
        {
            _watch?.Invoke(batch);
            return batch.SecondViewsA.mm(batch.SecondViewsB.t()).pow(2).mean() + (batch.EmbeddingsA - batch.AveragedA).pow(2).mean()
                + (batch.PairedA * batch.PairedB).sum() / Math.Max(1, batch.NumberOfPairs);
        }
    }
}
