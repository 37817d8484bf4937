namespace Microsoft.ML.GentleClip.Tests.Estimators;

[TestClass]
public sealed class PresetTests
{
    private static readonly MLContext MlContext = new(seed: 1);

    private static GentleClipOptions Small(GentleClipPreset preset, int steps)
    {
        var options = GentleClipOptions.FromPreset(preset);
        var small = TwoViews.Options();
        (options.ModalityA, options.ModalityB, options.NumberOfThreads) = (small.ModalityA, small.ModalityB, 1);
        (options.EmbeddingDimension, options.MaximumNumberOfSteps, options.Optimizer.LearningRate) = (16, steps, 5e-3);
        return options;
    }

    [TestMethod]
    [DataRow(GentleClipPreset.Recommended, "contrastive selfSupervisedA selfSupervisedB mmd sdd total")]
    [DataRow(GentleClipPreset.Clip, "contrastive total")]
    [DataRow(GentleClipPreset.Paper, "contrastive selfSupervisedA selfSupervisedB mmd sdd total")]
    [DataRow(GentleClipPreset.PublishedCode, "contrastive selfSupervisedA selfSupervisedB mmd sdd total")]
    [DataRow(GentleClipPreset.GentleSClip, "contrastive selfSupervisedA selfSupervisedB mmd sdd pseudoLabel total")]
    [DataRow(GentleClipPreset.HardPseudoLabels, "contrastive pseudoLabel total")]
    [DataRow(GentleClipPreset.SoftPseudoLabels, "contrastive pseudoLabel total")]
    [DataRow(GentleClipPreset.SClip, "contrastive pseudoLabel total")]
    [DataRow(GentleClipPreset.SotAlign, "contrastive klot total")]
    [DataRow(GentleClipPreset.ClosedForm, "")]
    public void EveryPresetTrainsToRetrieveHeldOutPartners(GentleClipPreset preset, string terms)
    {
        var train = MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(pairs: 60, unpairedA: 150, unpairedB: 120));
        var test = MlContext.Data.LoadFromEnumerable(TwoViews.Pairs(100, seed: 77));
        using var model = MlContext.Transforms.GentleClip(Small(preset, steps: 200)).Fit(train);
        // The closed form trains nothing, so it has no history.
        CollectionAssert.AreEquivalent(terms.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            (model.History.Count == 0 ? [] : model.History[^1].Losses.Keys).ToArray());
        var recall = Operations.Catalog.EvaluateRetrieval(model.Transform(test), "EmbeddingA", "EmbeddingB").RecallAt(5);
        // Chance is 0.05. The paper's rule puts 18 pairs into a batch, so it learns slowest.
        Assert.IsGreaterThan(0.5, recall);
    }

    [TestMethod]
    public void EveryPresetIsTested()
    {
        var tested = typeof(PresetTests).GetMethod(nameof(EveryPresetTrainsToRetrieveHeldOutPartners))!
            .GetCustomAttributes(typeof(DataRowAttribute), false).Select(row => (GentleClipPreset)((DataRowAttribute)row).Data[0]!).ToArray();
        CollectionAssert.AreEquivalent(Enum.GetValues<GentleClipPreset>(), tested);
    }

    [TestMethod]
    public void RivalsAreOffUntilTheRampStarts()
    {
        var options = Small(GentleClipPreset.SClip, steps: 100);
        using var model = MlContext.Transforms.GentleClip(options).Fit(MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(40, 60, 60)));
        // Epochs of 20 steps: the ramp runs from step 10 to step 40.
        Assert.IsTrue(model.History.All(epoch => epoch.Losses.ContainsKey("pseudoLabel")));
        options.Objectives = options.Objectives.With<PseudoLabelObjective>(labels => labels with { Ramp = new() { Start = 0.5, End = 0.6 } });
        using var late = MlContext.Transforms.GentleClip(options).Fit(MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(40, 60, 60)));
        CollectionAssert.AreEqual(new[] { false, false, true, true, true }, late.History.Select(epoch => epoch.Losses.ContainsKey("pseudoLabel")).ToArray());
    }

    [TestMethod]
    public void TransportPairsAndTheOtherTermsTrain()
    {
        var options = Small(GentleClipPreset.Recommended, steps: 60);
        options.Objectives =
        [
            .. options.Objectives, new CentroidObjective { Weight = 0.5 }, new SinkhornObjective { Weight = 0.5 },
            new TransportPairObjective { Ramp = new() { Start = 0, End = 0.1 } },
        ];
        using var model = MlContext.Transforms.GentleClip(options).Fit(MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(40, 60, 60)));
        foreach (var term in new[] { "transportPairs", "centroid", "sinkhorn" })
            Assert.IsTrue(double.IsFinite(model.History[^1].Losses[term]), term);
        Assert.IsLessThan(model.History[0].Losses["contrastive"], model.History[^1].Losses["contrastive"]);
    }

    [TestMethod]
    public void AFixedTemperatureStaysAndALearntOneMoves()
    {
        var options = Small(GentleClipPreset.Clip, steps: 40);
        var data = MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(40, 10, 10));
        using var learnt = MlContext.Transforms.GentleClip(options).Fit(data);
        options.LearnTemperature = false;
        using var kept = MlContext.Transforms.GentleClip(options).Fit(data);
        Assert.AreEqual(0.07, kept.History[^1].Temperature, 1e-7);
        Assert.IsGreaterThan(1e-3, Math.Abs(learnt.History[^1].Temperature - 0.07));
    }

    [TestMethod]
    public void LearnableKernelWeightsTrainWithoutLeaks()
    {
        var options = Small(GentleClipPreset.Paper, steps: 5);
        var data = MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(40, 40, 40));
        long Difference()
        {
            var before = LiveTensors.Settled();
            using (MlContext.Transforms.GentleClip(options).Fit(data))
            {
            }
            return TorchSharp.torch.Tensor.TotalCount - before;
        }

        var few = Difference();
        options.MaximumNumberOfSteps = 100;
        LiveTensors.AssertNeverMore([few, Difference()], "left by 5 steps and by 100");
    }
}
