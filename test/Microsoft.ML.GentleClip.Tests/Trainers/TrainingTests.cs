using System.Security.Cryptography;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Trainers;

[TestClass]
public sealed class TrainingTests
{
    // TorchSharp's counter never takes back the tensor that a Parameter was made from (its handle is moved, not disposed): one for each
    // of the model's parameters, 8 a tower and the logit scale.
    private const int NeverUncounted = 17;

    private static readonly MLContext MlContext = new(seed: 1);

    private static IDataView Data(int pairs = 40, int unpairedA = 60, int unpairedB = 50) =>
        MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(pairs, unpairedA, unpairedB));

    private static string HashOfWeights(GentleClipTransformer transformer)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var scope = NewDisposeScope();
        foreach (var (name, value) in transformer.Model.state_dict().OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(name));
            hash.AppendData(value.contiguous().bytes);
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static GentleClipTransformer Fit(GentleClipOptions options, IDataView? data = null) => MlContext.Transforms.GentleClip(options).Fit(data ?? Data());

    [TestMethod]
    public void SameSeedSameBytesOfWeights()
    {
        var options = TwoViews.Options(steps: 30);
        options.Seed = 7;
        using var first = Fit(options);
        using var second = Fit(options);
        options.Seed = 8;
        using var other = Fit(options);
        Assert.AreEqual(HashOfWeights(first), HashOfWeights(second));
        Assert.AreNotEqual(HashOfWeights(first), HashOfWeights(other));
    }

    [TestMethod]
    public void FitsInsideABlockWithoutGradients()
    {
        var options = TwoViews.Options(steps: 5);
        using var expected = Fit(options);
        using (no_grad())
        using (var model = Fit(options))
            Assert.AreEqual(HashOfWeights(expected), HashOfWeights(model));
        using (inference_mode())
        using (var model = Fit(options))
            Assert.AreEqual(HashOfWeights(expected), HashOfWeights(model));
    }

    [TestMethod]
    public void LiveTensorsStayFlatOver500Steps()
    {
        var options = TwoViews.Options(steps: 500);
        options.Batches.Size = 32;
        using (Fit(TwoViews.Options(steps: 2)))
        {
        }
        var before = LiveTensors.Settled();
        var (counts, model) = LiveTensors.AtEpochs(options, Data());
        Assert.HasCount(25, counts);
        LiveTensors.AssertNeverMore(counts, "live tensors while training");
        var weights = model.Model.state_dict().Values.ToList();
        model.Dispose();
        Assert.IsTrue(weights.TrueForAll(weight => weight.IsInvalid), "weights live after the model was disposed");
        LiveTensors.AssertAtMost(before + NeverUncounted, "live tensors after the model was disposed");
    }

    [TestMethod]
    public void CancelledTrainingFreesItsTensors()
    {
        using (Fit(TwoViews.Options(steps: 2)))
        {
        }
        var before = LiveTensors.Settled();
        using var source = new CancellationTokenSource();
        var options = TwoViews.Options(steps: 100_000);
        options.CancellationToken = source.Token;
        options.Progress = new StepWatcher(source.Cancel);
        Assert.ThrowsExactly<OperationCanceledException>(() => Fit(options));
        LiveTensors.AssertAtMost(before + NeverUncounted);
    }

    [TestMethod]
    public void GlobalGeneratorIsUntouched()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(99);
        var expected = rand(8).bytes.ToArray();
        random.manual_seed(99);
        using (Fit(TwoViews.Options(steps: 5)))
        {
        }
        CollectionAssert.AreEqual(expected, rand(8).bytes.ToArray());
    }

    [TestMethod]
    public void NonFiniteLossNamesTermAndStep()
    {
        var options = TwoViews.Options(steps: 200);
        options.Optimizer.LearningRate = 1e30;
        options.Optimizer.WarmupFraction = 0;
        var error = Assert.ThrowsExactly<ArithmeticException>(() => Fit(options));
        StringAssert.Matches(error.Message,
            new System.Text.RegularExpressions.Regex(
                "^Training stopped at step [0-9]+: the loss term '(contrastive|selfSupervised[AB]|mmd|sdd)' is (NaN|∞|Infinity)"));
    }

    [TestMethod]
    public void HistoryHasTheTermsOfTheActiveLosses()
    {
        var options = TwoViews.Options(steps: 45);
        using var full = Fit(options);
        CollectionAssert.AreEquivalent(new[] { "contrastive", "selfSupervisedA", "selfSupervisedB", "mmd", "sdd", "total" },
            full.History[0].Losses.Keys.ToArray());
        CollectionAssert.AreEqual(new[] { 20, 40, 45 }, full.History.Select(epoch => epoch.Step).ToArray());
        var losses = full.History[0].Losses;
        var weighted = losses["contrastive"] + 0.1 * (losses["selfSupervisedA"] + losses["selfSupervisedB"]) + losses["mmd"] + losses["sdd"];
        Assert.AreEqual(weighted, losses["total"], 1e-4 * weighted);
        Assert.IsLessThan(losses["contrastive"], full.History[^1].Losses["contrastive"]);

        options.Objectives = options.Objectives.Without<SelfSupervisedObjective>().Without<SddObjective>();
        using var reduced = Fit(options);
        CollectionAssert.AreEquivalent(new[] { "contrastive", "mmd", "total" }, reduced.History[0].Losses.Keys.ToArray());
    }

    [TestMethod]
    public void ValidationKeepsTheBestEpochAndStopsEarly()
    {
        var pairs = TwoViews.Pairs(80, seed: 5);
        var validation = MlContext.Data.LoadFromEnumerable(pairs);
        var options = TwoViews.Options(steps: 2000);
        options.Validation.EarlyStoppingPatience = 3;
        options.Optimizer.LearningRate = 2e-2;
        using var model = MlContext.Transforms.GentleClip(options).Fit(Data(), validation);
        var ranks = model.History.Select(epoch => epoch.Validation!.MeanLogRank!.Value).ToList();
        var best = ranks.LastIndexOf(ranks.Min());
        Assert.IsLessThan(2000, model.History[^1].Step, "training ran to the end; the test needs one that stops");
        Assert.AreEqual(ranks.Count - 1, best + 3, "training stops when patience is spent");

        // The weights kept are those of the best epoch: they reach its figures again.
        var again = ValidationReference.Evaluate(model, pairs, TwoViews.Mixed(40, 60, 50));
        Assert.AreEqual(ranks[best], again.MeanLogRank!.Value, 0.01);
        Assert.AreEqual(model.History[best].Validation!.RecallAt5, again.RecallAt5, 0.01);
    }

    [TestMethod]
    public void ValidationFractionTakesPairsOutOfTheTraining()
    {
        var options = TwoViews.Options(steps: 20);
        options.Validation.Fraction = 0.25;
        options.Batches.Size = 64;
        var messages = new List<string>();
        var mlContext = new MLContext(seed: 1);
        mlContext.Log += (_, e) => messages.Add(e.Message);
        using var model = mlContext.Transforms.GentleClip(options).Fit(Data(pairs: 40));
        Assert.IsTrue(messages.Exists(message => message.Contains("Batches of 30 pairs", StringComparison.Ordinal)), string.Join('\n', messages));
        Assert.IsTrue(messages.Exists(message => message.Contains("on 10 validation pairs", StringComparison.Ordinal)), string.Join('\n', messages));
        Assert.IsNotNull(model.History[^1].Validation);
    }

    [TestMethod]
    public void InitialModelIsContinued()
    {
        var options = TwoViews.Options(steps: 150);
        using var first = Fit(options);
        options.MaximumNumberOfSteps = 1;
        options.Optimizer.LearningRate = 1e-9;
        using var continued = MlContext.Transforms.GentleClip(options).Fit(Data(), null, first);
        var test = MlContext.Data.LoadFromEnumerable(TwoViews.Pairs(20, seed: 4));
        var (expected, actual) = (Embeddings.Column(first.Transform(test), "EmbeddingA"), Embeddings.Column(continued.Transform(test), "EmbeddingA"));
        for (var row = 0; row < expected.Length; row++)
            Assert.AreEqual(1, Embeddings.Dot(expected[row], actual[row]), 1e-5);
    }

    [TestMethod]
    public void LogitScaleStaysInItsRange()
    {
        // Where noise drowns the samples, every temperature is too low; unclamped, it rises above 1.
        var drowned = new VectorEncoderOptions { HiddenDimensions = [32], Dropout = 0.9, InputNoise = 10 };
        var options = TwoViews.Options(steps: 60);
        (options.ModalityA, options.ModalityB) = (Modality.Vector("EmbeddingA", "A", drowned), Modality.Vector("EmbeddingB", "B", drowned));
        options.Objectives = [new ContrastiveObjective()];
        options.Temperature = 0.9;
        using var model = Fit(options);
        Assert.AreEqual(1, model.History.Max(epoch => epoch.Temperature), 1e-6, string.Join(", ", model.History.Select(epoch => epoch.Temperature)));
    }

    private static IEnumerable<object[]> ChangesOfOptions()
    {
        yield return Change(nameof(OptimizerOptions.LearningRate), options => options.Optimizer.LearningRate *= 2);
        yield return Change(nameof(OptimizerOptions.WeightDecay), options => options.Optimizer.WeightDecay = 0.5);
        yield return Change(nameof(OptimizerOptions.WarmupFraction), options => options.Optimizer.WarmupFraction = 0.5);
        yield return Change(nameof(OptimizerOptions.GradientClipNorm), options => options.Optimizer.GradientClipNorm = 1e-6);
        yield return Objective<ContrastiveObjective>(nameof(ContrastiveObjective.Weight), own => own with { Weight = 2 });
        yield return Objective<ContrastiveObjective>(
            nameof(ContrastiveObjective.UnpairedNegatives), own => own with { UnpairedNegatives = UnpairedSides.A });
        yield return Objective<SelfSupervisedObjective>(nameof(SelfSupervisedObjective.Weight), own => own with { Weight = 1 });
        yield return Objective<SelfSupervisedObjective>(nameof(SelfSupervisedObjective.Form), own => own with { Form = SelfSupervisedForm.NtXent });
        yield return Objective<SelfSupervisedObjective>(nameof(SelfSupervisedObjective.Share), own => own with { Share = 0.5 });
        yield return Objective<MmdObjective>(nameof(MmdObjective.Weight), own => own with { Weight = 2 });
        yield return Objective<MmdObjective>(nameof(MmdObjective.Ramp), own => own with { Ramp = new() });
        yield return Objective<MmdObjective>(nameof(MmdObjective.KernelWeights), own => own with { KernelWeights = MmdKernelWeights.Power });
        yield return Objective<MmdObjective>(nameof(MmdObjective.GaussianWeight), own => own with { GaussianWeight = 0.3 });
        yield return Objective<MmdObjective>(nameof(MmdObjective.GaussianBandwidth), own => own with { GaussianBandwidth = 3 });
        yield return Objective<SddObjective>(nameof(SddObjective.Weight), own => own with { Weight = 2 });
        yield return Objective<SddObjective>(nameof(SddObjective.Bandwidth), own => own with { Bandwidth = 1 });
        yield return Objective<SddObjective>(nameof(SddObjective.Divergence), own => own with { Divergence = SddDivergence.RawSymmetric });
        yield return Objective<SddObjective>(nameof(SddObjective.Variance), own => own with { Variance = SddVariance.None });
        yield return Objective<SddObjective>(nameof(SddObjective.VarianceFloor), own => own with { VarianceFloor = 2 });
        yield return Objective<SddObjective>(nameof(SddObjective.LeaveOneOut), own => own with { LeaveOneOut = false });
        yield return Objective<SddObjective>(nameof(SddObjective.DistanceTemperature), own => own with { DistanceTemperature = 1.5 });
        yield return Change(nameof(GentleClipOptions.LearnTemperature), options => options.LearnTemperature = false);
        yield return Change(nameof(GentleClipOptions.Temperature), options => options.Temperature = 0.2);
        yield return Change(nameof(BatchOptions.Size), options => options.Batches.Size = 32);
        yield return Change(nameof(BatchOptions.PairsPerBatch), options => options.Batches.PairsPerBatch = 10);
        yield return Change(nameof(BatchOptions.PairsPerBatchRule), options => options.Batches.PairsPerBatchRule = PairsPerBatchRule.Proportional);
        yield return Change(nameof(GentleClipOptions.MaximumNumberOfSteps), options => options.MaximumNumberOfSteps++);
        yield return Change(nameof(ValidationOptions.Fraction), options => options.Validation.Fraction = 0.2);
        yield return Change(nameof(VectorEncoderOptions.Dropout), options => options.ModalityA = Encoder(options, encoder => encoder with { Dropout = 0.5 }));
        yield return Change(nameof(VectorEncoderOptions.InputNoise),
            options => options.ModalityA = Encoder(options, encoder => encoder with { InputNoise = 0.5 }));
        yield return Change(nameof(VectorEncoderOptions.InputMasking),
            options => options.ModalityA = Encoder(options, encoder => encoder with { InputMasking = 0.5 }));
        yield return Change(nameof(VectorEncoderOptions.Standardize),
            options => options.ModalityA = Encoder(options, encoder => encoder with { Standardize = false }));

        static object[] Change(string name, Action<GentleClipOptions> change) => [name, change];

        static object[] Objective<T>(string name, Func<T, T> change) where T : Objective =>
            [$"{typeof(T).Name}.{name}", (Action<GentleClipOptions>)(options => options.Objectives = options.Objectives.With(change))];

        static VectorModality Encoder(GentleClipOptions options, Func<VectorEncoderOptions, VectorEncoderOptions> change) =>
            Modality.Vector("EmbeddingA", "A", change((VectorEncoderOptions)((VectorModality)options.ModalityA!).Encoder));
    }

    [TestMethod]
    [DynamicData(nameof(ChangesOfOptions))]
    public void EachOptionReachesTheTraining(string name, Action<GentleClipOptions> change)
    {
        using var expected = Fit(TwoViews.Options(steps: 4));
        var options = TwoViews.Options(steps: 4);
        change(options);
        using var changed = Fit(options);
        Assert.AreNotEqual(HashOfWeights(expected), HashOfWeights(changed), name);
    }

    [TestMethod]
    public void HeldOutPairsLeaveTheOthersMatched()
    {
        // Two samples of B alone come first, so that the partners' positions differ by two.
        var rows = TwoViews.Mixed(0, 0, 2).Concat(TwoViews.Pairs(8, seed: 3)).ToList();
        using var data = GentleClip.Trainers.TrainingData.Read(MlContext.Data.LoadFromEnumerable(rows), TwoViews.Options(), () => { });
        var (rest, (a, b)) = data.HoldOut([5, 0, 3]);
        CollectionAssert.AreEqual(new[] { 5, 0, 3 }, a);
        CollectionAssert.AreEqual(new[] { 7, 2, 5 }, b);
        CollectionAssert.AreEqual(new[] { 1, 2, 4, 6, 7 }, rest.A.Pairs.ToArray());
        CollectionAssert.AreEqual(new[] { 3, 4, 6, 8, 9 }, rest.B.Pairs.ToArray());
        Assert.AreEqual((8, 8), (data.A.Pairs.Count, data.B.Pairs.Count), "what was read does not change");
    }

    private sealed class StepWatcher(Action onStep) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Loss is not null)
                onStep();
        }
    }
}
