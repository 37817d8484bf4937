using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Progress, history and log messages.</summary>
[TestClass]
public sealed class ReportingTests
{
    private readonly MLContext _mlContext = new(seed: 11);

    [TestMethod]
    public void ProgressGrowsToTheLastStep()
    {
        var reports = new List<TrainingProgress>();
        var options = TwoViews.Options(steps: 50);
        options.Progress = new DirectProgress(reports.Add);
        using var model = Fit(options);

        Assert.AreEqual(1, reports[0].Step);
        Assert.AreEqual(50, reports[^1].Step);
        Assert.AreEqual(TimeSpan.Zero, reports[^1].Remaining);
        Assert.AreEqual(model.History[^1].Epoch, reports[^1].Epoch);
        for (var i = 0; i < reports.Count; i++)
        {
            Assert.AreEqual(50, reports[i].TotalSteps);
            Assert.AreEqual((reports[i].Step - 1) / 20, reports[i].Epoch);
            Assert.AreEqual((reports[i].Step, 50L), ((int)reports[i].Done, reports[i].Total));
            Assert.IsTrue(double.IsFinite(reports[i].Loss!.Value));
            Assert.IsNull(reports[i].ValidationRecallAt10);
            if (i == 0)
                continue;
            Assert.IsGreaterThanOrEqualTo(reports[i - 1].Step, reports[i].Step);
            Assert.IsGreaterThanOrEqualTo(reports[i - 1].Elapsed, reports[i].Elapsed);
        }
    }

    [TestMethod]
    public void ProgressCarriesTheLastValidation()
    {
        var reports = new List<TrainingProgress>();
        var options = TwoViews.Options(steps: 40);
        options.Validation.Fraction = 0.25;
        options.Progress = new DirectProgress(reports.Add);
        using var model = Fit(options);
        Assert.IsNull(reports[0].ValidationRecallAt10);
        Assert.AreEqual(model.History[^1].Validation!.RecallAt10, reports[^1].ValidationRecallAt10);
    }

    [TestMethod]
    public void HistoryHoldsEveryEpochAndLossTerm()
    {
        var options = TwoViews.Options(steps: 50);
        using var model = Fit(options);
        // 40 unpaired samples of A and 32 of them in a batch: 2 steps would do, 20 are the least.
        CollectionAssert.AreEqual(new[] { 20, 40, 50 }, model.History.Select(epoch => epoch.Step).ToArray());
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, model.History.Select(epoch => epoch.Epoch).ToArray());
        foreach (var epoch in model.History)
        {
            CollectionAssert.AreEquivalent(new[] { "contrastive", "selfSupervisedA", "selfSupervisedB", "mmd", "sdd", "total" }, epoch.Losses.Keys.ToArray());
            var expected = epoch.Losses["contrastive"] + 0.1 * (epoch.Losses["selfSupervisedA"] + epoch.Losses["selfSupervisedB"])
                + epoch.Losses["mmd"] + epoch.Losses["sdd"];
            Assert.AreEqual(expected, epoch.Losses["total"], 1e-4);
            Assert.IsNull(epoch.Validation);
            Assert.IsInRange(0.01, 1.0, epoch.Temperature);
        }
        Assert.IsLessThan(model.History[0].Losses["total"], model.History[^1].Losses["total"]);
        Assert.IsLessThan(model.History[0].LearningRate, model.History[^1].LearningRate);
    }

    [TestMethod]
    public void HistoryHoldsTheTermsWithAWeightAlone()
    {
        var options = TwoViews.Options(steps: 3);
        options.Objectives = options.Objectives.Without<SelfSupervisedObjective>().Without<MmdObjective>();
        using (var model = Fit(options))
            CollectionAssert.AreEquivalent(new[] { "contrastive", "sdd", "total" }, model.History.Single().Losses.Keys.ToArray());
        options.Objectives = [new MmdObjective { Weight = 2 }, new SddObjective { Weight = 0 }];
        using (var model = Fit(options))
        {
            var losses = model.History.Single().Losses;
            CollectionAssert.AreEquivalent(new[] { "mmd", "total" }, losses.Keys.ToArray());
            Assert.AreEqual(2 * losses["mmd"], losses["total"], 1e-6);
        }
    }

    [TestMethod]
    public void ValidationPairsAreHeldOutOrGiven()
    {
        var log = new ContextLog(_mlContext);
        var options = TwoViews.Options(steps: 40);
        options.Validation.Fraction = 0.25;
        using (var model = Fit(options))
            Assert.IsTrue(
                model.History.All(epoch => epoch.Validation is { RecallAt1: >= 0 and <= 1, RecallAt10: >= 0 and <= 1, MeanReciprocalRank: > 0 and <= 1 }));
        AssertBatches(18);

        // Given pairs are validated on as well; the training then keeps all of its own.
        log.Clear();
        var validation = _mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(15, 5, 5, seed: 8));
        using (var model = _mlContext.Transforms.GentleClip(options).Fit(Data(), validation))
            Assert.IsTrue(model.History.All(epoch => epoch.Validation is not null));
        AssertBatches(24);
        Assert.Contains(text => text.Contains("on 15 validation pairs", StringComparison.Ordinal), log.Texts(ChannelMessageKind.Info));

        void AssertBatches(int pairs) => Assert.Contains(
            text => text.StartsWith($"Batches of {pairs} pairs", StringComparison.Ordinal), log.Texts(ChannelMessageKind.Info));
    }

    [TestMethod]
    public void TheLogNamesSeedBatchesDeviceAndEveryEpoch()
    {
        var log = new ContextLog(_mlContext);
        var options = TwoViews.Options(steps: 40);
        options.Seed = 987;
        using var model = Fit(options);
        var infos = log.Texts(ChannelMessageKind.Info);
        Assert.Contains("Seed 987.", infos);
        Assert.Contains(text => text.Contains("steps per epoch, at most 40 steps, device cpu", StringComparison.Ordinal), infos);
        var traces = log.Texts(ChannelMessageKind.Trace);
        foreach (var epoch in model.History)
            Assert.Contains(text => text.StartsWith($"Epoch {epoch.Epoch}, step {epoch.Step}: contrastive ", StringComparison.Ordinal), traces);
        Assert.IsEmpty(log.Warnings);
    }

    private GentleClipTransformer Fit(GentleClipOptions options) => _mlContext.Transforms.GentleClip(options).Fit(Data());

    private IDataView Data() => _mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(24, 40, 30));
}
