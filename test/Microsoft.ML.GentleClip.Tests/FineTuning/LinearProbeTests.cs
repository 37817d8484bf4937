using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.GentleClip.Trainers.FineTuning;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.FineTuning;

/// <summary>Fine-tuning that begins with the solved head.</summary>
[TestClass]
public sealed class LinearProbeTests
{
    private static readonly MLContext MlContext = new(seed: 3);
    private static readonly List<LabelledViews.Row> TrainRows = LabelledViews.Rows(160), TestRows = LabelledViews.Rows(200, seed: 8);
    private static readonly ITransformer Keys = LabelledViews.Keys(MlContext, TrainRows);
    private static readonly IDataView Train = Keys.Transform(MlContext.Data.LoadFromEnumerable(TrainRows));
    private static readonly IDataView Test = Keys.Transform(MlContext.Data.LoadFromEnumerable(TestRows));
    private static readonly Lazy<GentleClipTransformer> Aligned = new(() => LabelledViews.Aligned());

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("Label")]
    [DataRow("IsFirst")]
    [DataRow("Target")]
    [DataRow("Flags")]
    [DataRow("Known")]
    [DataRow("TagKeys")]
    public void TheStartIsTheFrozenProbe(string label)
    {
        // Frozen, the probe is all; trained, it is the epoch before the first.
        using var frozen = Fit(Options(label) with { TrainableLayers = 0 }, Train, Test);
        using var tuned = Fit(Options(label, steps: 25), Train, Test);
        Assert.HasCount(1, frozen.History);
        var (own, start) = (frozen.History[0], tuned.History[0]);
        TestContext.WriteLine($"{own}\n{string.Join('\n', tuned.History)}");
        Assert.AreEqual((-1, 0), (start.Epoch, start.Step));
        Assert.AreEqual(own.Loss, start.Loss, 1e-6);
        Assert.AreEqual(own.ValidationLoss!.Value, start.ValidationLoss!.Value, 1e-6);
        Assert.AreEqual(own.ValidationScore!.Value, start.ValidationScore!.Value, 1e-9);
        Assert.AreEqual(25, tuned.History[^1].Step);
        // As ML.NET sees it.
        var scored = frozen.Transform(Test);
        if (label == "Label")
        {
            var metrics = MlContext.MulticlassClassification.Evaluate(scored);
            Assert.AreEqual(metrics.MicroAccuracy, start.ValidationScore.Value, 1e-9);
            Assert.AreEqual(metrics.LogLoss, start.ValidationLoss.Value, 1e-4);
            Assert.IsGreaterThan(0.7, metrics.MicroAccuracy);
        }
        else if (label == "IsFirst")
        {
            Assert.AreEqual(MlContext.BinaryClassification.Evaluate(scored, label).Accuracy, start.ValidationScore.Value, 1e-9);
            Assert.IsGreaterThan(0.8, start.ValidationScore.Value);
        }
        else if (label == "Target")
        {
            Assert.AreEqual(MlContext.Regression.Evaluate(scored, label).RSquared, start.ValidationScore.Value, 1e-4);
            Assert.IsGreaterThan(0.9, start.ValidationScore.Value);
        }
        else
            Assert.IsGreaterThan(0.8, start.ValidationScore.Value);
    }

    [TestMethod]
    public void FewStepsFromTheProbeKeepWhatItKnows()
    {
        // 20 small steps from the prior do not find what the probe begins with.
        var many = Keys.Transform(MlContext.Data.LoadFromEnumerable(LabelledViews.Rows(2000, seed: 21)));
        double Accuracy(FineTuningOptions own)
        {
            using var model = Fit(own, Train);
            return MlContext.MulticlassClassification.Evaluate(model.Transform(many)).MicroAccuracy;
        }

        var options = Options("Label", steps: 20);
        var frozen = Accuracy(options with { TrainableLayers = 0 });
        var prior = Accuracy(options with { HeadInitialization = HeadInitialization.Prior });
        var probed = Accuracy(options);
        TestContext.WriteLine($"frozen {frozen:0.000}, from the prior {prior:0.000}, from the probe {probed:0.000}");
        Assert.IsLessThan(frozen - 0.05, prior, "the test needs a set where few steps from the prior are behind");
        // But for the noise of 2,000 rows.
        Assert.IsGreaterThan(frozen - 0.01, probed);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void StandardizedOrNotTheSolutionIsTheSame(bool standardizes)
    {
        using var model = Fit(Options("Label") with { TrainableLayers = 0, StandardizeFeatures = standardizes }, Train);
        using var other = Fit(Options("Label") with { TrainableLayers = 0, StandardizeFeatures = !standardizes }, Train);
        var (one, two) = (Embeddings.Column(model.Transform(Test), "Score"), Embeddings.Column(other.Transform(Test), "Score"));
        foreach (var (a, b) in one.Zip(two).SelectMany(rows => rows.First.Zip(rows.Second)))
            Assert.AreEqual(a, b, 1e-4);
    }

    [TestMethod]
    public void ValidationRowsChooseTheRegularization()
    {
        // Few rows and labels that are half noise: what is fitted closely validates badly.
        var random = new Random(4);
        var rows = LabelledViews.Rows(30);
        foreach (var row in rows.Where((_, i) => i % 2 == 0))
            row.Kind = LabelledViews.Kinds[random.Next(3)];
        var few = Keys.Transform(MlContext.Data.LoadFromEnumerable(rows));
        var options = Options("Label") with { TrainableLayers = 0 };
        var losses = new List<double>();
        foreach (var weight in new[] { 3e-4, 1e-2, 0.3, 1 })
        {
            using var given = Fit(options with { HeadL2Regularization = weight }, few, Test);
            losses.Add(given.History[0].ValidationLoss!.Value);
        }
        using var chosen = Fit(options, few, Test);
        TestContext.WriteLine($"{string.Join(", ", losses)}; chosen {chosen.History[0].ValidationLoss}");
        Assert.IsLessThan(losses[0] - 0.1, chosen.History[0].ValidationLoss!.Value);
        Assert.IsLessThanOrEqualTo(losses.Min() + 1e-6, chosen.History[0].ValidationLoss!.Value);
        // Without validation rows it is the default.
        using var plain = Fit(options, few);
        using var same = Fit(options with { HeadL2Regularization = FineTuningOptions.Defaults.HeadL2Regularization }, few);
        Assert.AreEqual(same.History[0].Loss, plain.History[0].Loss);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new FineTuningOptions { HeadL2Regularization = 0 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new FineTuningOptions { HeadInitialization = (HeadInitialization)7 });
    }

    [TestMethod]
    public void AClassWithoutRowsAndFewerRowsThanFeatures()
    {
        // 6 rows, 64 features of both sides, and no row of one class.
        var data = Keys.Transform(MlContext.Data.LoadFromEnumerable(TrainRows.Where(row => row.Kind != "yew").Take(6)));
        using var model = Fit(Options("Label", steps: 5), data);
        var slot = model.LabelNames!.ToList().IndexOf("yew");
        foreach (var row in Embeddings.Column(model.Transform(Test), "Score"))
        {
            Assert.IsTrue(Array.TrueForAll(row, float.IsFinite));
            Assert.AreEqual(0f, row[slot]);
        }
        Assert.AreEqual(1, MlContext.MulticlassClassification.Evaluate(model.Transform(data)).MicroAccuracy, 1e-9);

        // Labels that all rows have, or none, stay certain; the others are solved.
        var rows = LabelledViews.Rows(120);
        foreach (var row in rows)
            row.Flags = [row.Flags[0], row.Flags[1], true, false];
        using var labels = Fit(Options("Flags") with { TrainableLayers = 0 }, LabelledViews.View(MlContext, rows));
        var probabilities = Embeddings.Column(labels.Transform(Test), "Probability");
        foreach (var row in probabilities)
            CollectionAssert.AreEqual(new[] { 1f, 0f }, row[2..]);
        Assert.IsGreaterThan(0.8, TestRows.Zip(probabilities).Average(row => row.First.Flags[0] == row.Second[0] > 0.5 ? 1.0 : 0));
    }

    [TestMethod]
    public void ProgressTellsIterationsAndCancellingStopsThem()
    {
        var reports = new List<TrainingProgress>();
        Fit(Options("Label", steps: 5) with { Progress = new DirectProgress(reports.Add, all: true), Clock = new SteppingClock(TimeSpan.FromSeconds(1)) },
            Train).Dispose();
        var solving = reports.Where(report => report.Phase == TrainingPhase.SolvingHead).ToList();
        Assert.IsTrue(solving.Exists(report => report is { Unit: ProgressUnit.Rows, Done: 320, Total: 320 }), string.Join('\n', solving));
        var iterations = solving.Where(report => report is { Unit: ProgressUnit.Iterations, Loss: not null }).ToList();
        Assert.IsGreaterThan(2, iterations.Count);
        Assert.IsLessThan(iterations[0].Loss!.Value, iterations[^1].Loss!.Value);
        Assert.Contains("Solving the head: 2 iterations, loss ", string.Join('\n', iterations));
        CollectionAssert.AreEqual(reports.Select(report => report.Phase).Order().ToArray(), reports.Select(report => report.Phase).ToArray());

        using var source = new CancellationTokenSource();
        var cancelled = Options("Label", steps: 5) with
        {
            CancellationToken = source.Token,
            Progress = new DirectProgress(report =>
            {
                if (report.Unit == ProgressUnit.Iterations)
                    source.Cancel();
            }),
            Clock = new SteppingClock(TimeSpan.FromSeconds(1)),
        };
        Assert.ThrowsExactly<OperationCanceledException>(() => Fit(cancelled, Train));
    }

    [TestMethod]
    public void MomentsAreThoseOfTheRows()
    {
        // In batches of unequal size, one feature constant.
        var random = new Random(2);
        double[][] rows =
            [.. Enumerable.Range(0, 50).Select(_ => new[] { 100 + random.NextDouble(), 1e-3 * random.NextDouble(), 5, 30 * random.NextDouble() })];
        using var scope = NewDisposeScope();
        var moments = new FeatureMoments(4, CPU);
        foreach (var batch in rows.Chunk(16))
            moments.Add(tensor([.. batch.SelectMany(row => row)], [batch.Length, 4]));
        var (mean, scale) = (moments.Mean.data<double>().ToArray(), moments.Scale.data<double>().ToArray());
        for (var i = 0; i < 4; i++)
        {
            var expected = rows.Average(row => row[i]);
            var deviation = Math.Sqrt(rows.Average(row => Math.Pow(row[i] - expected, 2)));
            Assert.AreEqual(expected, mean[i], 1e-9);
            // A constant stays as it is.
            Assert.AreEqual(1, i == 2 ? scale[i] : scale[i] * deviation, 1e-6);
        }
    }

    private static FineTuningOptions Options(string label, int steps = 10) =>
        LabelledViews.Options(steps, label) with { HeadInitialization = HeadInitialization.LinearProbe };

    private static FineTunedTransformer Fit(FineTuningOptions options, IDataView data, IDataView? validation = null)
    {
        var estimator = options.LabelColumnName switch
        {
            "Label" => MlContext.MulticlassClassification.Trainers.GentleClipFineTuning(Aligned.Value, options),
            "IsFirst" => MlContext.BinaryClassification.Trainers.GentleClipFineTuning(Aligned.Value, options),
            "Target" => MlContext.Regression.Trainers.GentleClipFineTuning(Aligned.Value, options),
            _ => MlContext.BinaryClassification.Trainers.GentleClipMultiLabelFineTuning(Aligned.Value, options),
        };
        return estimator.Fit(data, validation);
    }
}
