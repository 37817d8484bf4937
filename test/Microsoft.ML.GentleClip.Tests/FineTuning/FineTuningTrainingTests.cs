using System.IO.Compression;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Tests.FineTuning;

/// <summary>How a fine-tuning runs: seeds, checkpoints, validation, cancellation, memory, and what it refuses.</summary>
[TestClass]
public sealed class FineTuningTrainingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 3);
    private readonly IDataView _train, _validation;

    public FineTuningTrainingTests()
    {
        var rows = LabelledViews.Rows(160);
        var keys = LabelledViews.Keys(_mlContext, rows);
        (_train, _validation) = (keys.Transform(_mlContext.Data.LoadFromEnumerable(rows)),
            keys.Transform(_mlContext.Data.LoadFromEnumerable(LabelledViews.Rows(80, seed: 9))));
    }

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(null, 0.0, HeadInitialization.Prior)]
    [DataRow(1, 0.25, HeadInitialization.Prior)]
    [DataRow(0, 0.25, HeadInitialization.Prior)]
    [DataRow(null, 0.0, HeadInitialization.LinearProbe)]
    [DataRow(1, 0.25, HeadInitialization.LinearProbe)]
    [DataRow(0, 0.25, HeadInitialization.LinearProbe)]
    public void AnInterruptedTrainingGivesTheBytesOfAnUndisturbedOne(int? layers, double validation, HeadInitialization head)
    {
        var options = Options(60) with
        {
            HeadInitialization = head,
            TrainableLayers = layers,
            Validation = new() { Fraction = validation, EarlyStoppingPatience = 2 },
        };
        byte[] undisturbed = Fit(options);
        CollectionAssert.AreEqual(undisturbed, Fit(options), "the same seed gives the same bytes");
        Assert.IsFalse(undisturbed.SequenceEqual(Fit(options with { Seed = 4 })), "the test needs a seed that matters");

        options.Checkpoints.Directory = _folder.File("checkpoints");
        foreach (var at in new[] { 7, 20, 41 })
            Cancel(options, at);
        CollectionAssert.AreEqual(undisturbed, Fit(options));
        // The finished training is given again, without a step.
        var steps = 0;
        CollectionAssert.AreEqual(undisturbed, Fit(options with { Progress = new DirectProgress(_ => steps++) }));
        Assert.AreEqual(0, steps);

        var other = options with { Optimizer = new() { LearningRate = 2e-3 } };
        Assert.Contains("Optimizer.LearningRate is 0.002, was 0.01", Assert.ThrowsExactly<InvalidOperationException>(() => Fit(other)).Message);
    }

    [TestMethod]
    public void AValidationViewStopsEarlyAndKeepsTheBest()
    {
        // Labels that are noise: what is learnt by heart validates ever worse.
        var random = new Random(4);
        var rows = LabelledViews.Rows(60);
        foreach (var row in rows)
            row.Kind = LabelledViews.Kinds[random.Next(3)];
        var keys = LabelledViews.Keys(_mlContext, rows);
        var train = keys.Transform(_mlContext.Data.LoadFromEnumerable(rows.Take(40)));
        var validation = keys.Transform(_mlContext.Data.LoadFromEnumerable(rows.Skip(40)));
        var options = Options(2000) with { EncoderLearningRate = 1e-2, Validation = new() { EarlyStoppingPatience = 3 } };
        using var model = _mlContext.MulticlassClassification.Trainers.GentleClipFineTuning(options).Fit(train, validation);
        var best = model.History.MinBy(epoch => epoch.ValidationLoss)!;
        TestContext.WriteLine(string.Join('\n', model.History));
        Assert.IsLessThan(2000, model.History[^1].Step);
        Assert.AreEqual(best.Epoch + 3, model.History[^1].Epoch);
        // The loss of what was kept is the best epoch's.
        var loss = _mlContext.MulticlassClassification.Evaluate(model.Transform(validation)).LogLoss;
        Assert.AreEqual(best.ValidationLoss!.Value, loss, 1e-3);
    }

    [TestMethod]
    public void ValidationRowsAreMatchedByTheValuesOfTheirKeys()
    {
        // The other view's keys are numbered in another order, and know a kind that training has not.
        var rows = LabelledViews.Rows(80, seed: 9);
        rows.Reverse();
        rows[0].Kind = "fir";
        var log = new ContextLog(_mlContext);
        var other = LabelledViews.View(_mlContext, rows);
        var options = Options(40);
        using var same = Trainers.GentleClipFineTuning(options).Fit(_train, _validation);
        using var reordered = Trainers.GentleClipFineTuning(options).Fit(_train, other);
        Assert.AreEqual(same.History[^1].ValidationScore!.Value, reordered.History[^1].ValidationScore!.Value, 0.03);
        Assert.IsGreaterThan(0.6, same.History[^1].ValidationScore!.Value);
        Assert.IsTrue(log.Warnings.Exists(warning => warning.Contains("1 of 80 rows are left out: column 'Label' has no label there, or one that no "
            + "training row has.", StringComparison.Ordinal)), string.Join('\n', log.Warnings));
    }

    /// <summary>Labels that cannot be learnt have a probability of 0 or 1: one validation row that is otherwise would be all of the loss.</summary>
    [TestMethod]
    [DataRow(HeadInitialization.LinearProbe)]
    [DataRow(HeadInitialization.Prior)]
    public void ALabelThatTrainingRowsLackIsNotValidatedOn(HeadInitialization head)
    {
        var rows = LabelledViews.Rows(60);
        rows.ForEach(row => row.Flags = [row.Flags[0], row.Flags[1], false, true]);
        var validation = LabelledViews.Rows(30, seed: 9);
        validation.ForEach(row => row.Flags = [row.Flags[0], row.Flags[1], false, true]);
        var options = Options(40) with { LabelColumnName = "Flags", HeadInitialization = head };
        var log = new ContextLog(_mlContext);
        var (expected, silence) = Fit();
        Assert.IsFalse(silence.Exists(warning => warning.Contains("not counted", StringComparison.Ordinal)), string.Join('\n', silence));
        validation[3].Flags[2] = true;
        validation[5].Flags[3] = false;
        validation[6].Flags[3] = false;
        var (losses, warnings) = Fit();
        Assert.IsTrue(warnings.Exists(warning => warning.Contains("2 of 4 labels are not counted", StringComparison.Ordinal)), string.Join('\n', warnings));
        // Those two labels add nothing to the sum, but half of its weight.
        for (var i = 0; i < losses.Length; i++)
            Assert.AreEqual(2 * expected[i], losses[i], 1e-4 * expected[i]);

        // Nothing else is known of any validation row.
        validation.RemoveAll(row => row.Flags is not [_, _, true, _]);
        validation.ForEach(row => row.Known = [float.NaN, float.NaN, 1, 1]);
        rows.ForEach(row => row.Known = [row.Flags[0] ? 1 : 0, row.Flags[1] ? 1 : 0, 0, 1]);
        options.LabelColumnName = "Known";
        var problem = Assert.ThrowsExactly<InvalidOperationException>(() => Fit()).Message;
        Assert.Contains("No validation row has a known label that can be learnt from the training rows.", problem);

        (double[] Losses, List<string> Warnings) Fit()
        {
            log.Clear();
            using var model = _mlContext.BinaryClassification.Trainers.GentleClipMultiLabelFineTuning(options)
                .Fit(_mlContext.Data.LoadFromEnumerable(rows), _mlContext.Data.LoadFromEnumerable(validation));
            return ([.. model.History.Select(epoch => epoch.ValidationLoss!.Value)], log.Warnings);
        }
    }

    [TestMethod]
    public void ProgressIsToldInTheHousesWay()
    {
        var reports = new List<TrainingProgress>();
        var options = Options(45) with { Validation = new() { Fraction = 0.25 }, Progress = new DirectProgress(reports.Add, all: true) };
        Trainers.GentleClipFineTuning(options).Fit(_train).Dispose();
        var phases = reports.Select(report => report.Phase).Distinct().ToList();
        foreach (var phase in new[] { TrainingPhase.Starting, TrainingPhase.ReadingRows, TrainingPhase.MakingTowers, TrainingPhase.Training,
            TrainingPhase.Finished })
            Assert.Contains(phase, phases);
        Assert.AreEqual(TrainingPhase.Finished, reports[^1].Phase);
        Assert.AreEqual((45, 45), (reports[^1].Step, reports[^1].TotalSteps));
        Assert.IsTrue(reports.Exists(report => report.Loss > 0));
        Assert.Contains("validation loss 0.", reports[^1].ToString());
    }

    [TestMethod]
    public void CancellingStopsAtOnce()
    {
        var last = default(TrainingProgress);
        var cancelledAt = 0;
        using var source = new CancellationTokenSource();
        var options = Options(10_000) with
        {
            CancellationToken = source.Token,
            Progress = new DirectProgress(report =>
            {
                last = report;
                if (report.Step < 3 || source.IsCancellationRequested)
                    return;
                cancelledAt = report.Step;
                source.Cancel();
            }, all: true),
        };
        Assert.ThrowsExactly<OperationCanceledException>(() => Trainers.GentleClipFineTuning(options).Fit(_train));
        Assert.AreEqual(TrainingPhase.Stopped, last!.Phase);
        Assert.AreEqual(cancelledAt, last.Step);
        // Before a row is read, too.
        Assert.ThrowsExactly<OperationCanceledException>(() => Trainers.GentleClipFineTuning(options).Fit(_train));
    }

    [TestMethod]
    [DataRow(null, HeadInitialization.Prior)]
    [DataRow(0, HeadInitialization.Prior)]
    [DataRow(null, HeadInitialization.LinearProbe)]
    public void LiveTensorsAreFlat(int? layers, HeadInitialization head)
    {
        var counts = new List<long>();
        var context = new MLContext(seed: 1);
        context.Log += (_, e) =>
        {
            if (e.Kind == ChannelMessageKind.Trace && e.Message.Contains("Epoch ", StringComparison.Ordinal))
                counts.Add(TorchSharp.torch.Tensor.TotalCount);
        };
        var options = Options(120) with
        {
            TrainableLayers = layers,
            HeadInitialization = head,
            Validation = new() { Fraction = 0.2, EarlyStoppingPatience = 100 },
        };
        var before = LiveTensors.Settled();
        for (var i = 0; i < 2; i++)
        {
            counts.Clear();
            using (var model = context.MulticlassClassification.Trainers.GentleClipFineTuning(options).Fit(_train))
                Embeddings.Column(model.Transform(_validation), "Score");
            Assert.IsGreaterThan(3, counts.Count, "epochs");
            // The second epoch has the copy of the best weights.
            LiveTensors.AssertNeverMore(counts[1..], "live tensors while training");
        }
        Assert.IsLessThanOrEqualTo(before + 40, LiveTensors.Settled(), "a parameter's count is never taken back, all else is");
    }

    [TestMethod]
    public void WhatCannotBeTrainedOnIsRefusedInWords()
    {
        var rows = LabelledViews.Rows(30);
        Refused("'Label': all 30 rows are of one class, 'oak'; expected two or more.", rows, row => row.Kind = "oak");
        Refused("No row can be used. 30 of 30 rows are left out: column 'Label' has no label there.", rows, row => row.Kind = null);
        Refused("30 of 30 rows are left out: column 'A' is missing there.", rows, row => row.A = [.. Enumerable.Repeat(float.NaN, TwoViews.DimensionA)]);
        Refused("Row 0, column 'A': slot 2 is NaN", rows, row => row.A[2] = float.NaN);
        Refused("Row 0, column 'Target': the label is Infinity", rows, row => row.Target = float.PositiveInfinity, "Target", FineTuningTask.Regression);
        Refused("30 of 30 rows are left out: column 'Target' has no label there.", rows, row => row.Target = float.NaN, "Target", FineTuningTask.Regression);
        Refused("'Target': all 30 rows are 4; expected different numbers.", rows, row => row.Target = 4, "Target", FineTuningTask.Regression);
        Refused("'IsFirst': all 30 rows are false; expected both.", rows, row => row.IsFirst = false, "IsFirst", FineTuningTask.Binary);
        Refused("no label is had by some of the 30 rows and not by others", rows, row => row.Flags = [true, true, false, false], "Flags",
            FineTuningTask.MultiLabel);
        Refused("none of their labels in column 'Known' is known", rows, row => row.Known = [.. Enumerable.Repeat(float.NaN, 4)], "Known",
            FineTuningTask.MultiLabel);

        var layers = Options(3) with { TrainableLayers = 2 };
        Assert.Contains("the encoder of column 'A' has 1 layers; expected 0 to 1, or null",
            Assert.ThrowsExactly<InvalidOperationException>(() => Trainers.GentleClipFineTuning(layers).Fit(_train)).Message);
    }

    [TestMethod]
    public void OptionsThatContradictAreRefused()
    {
        using var alone = _mlContext.Transforms.GentleClip("EmbeddingA", "A", "EmbeddingB", "B").Fit(_train);
        Assert.Contains("closed form without towers: column 'A' has no encoder",
            Assert.ThrowsExactly<ArgumentException>(() => Trainers.GentleClipFineTuning(alone)).Message);
        Assert.Contains("nothing to start from", Assert.ThrowsExactly<ArgumentException>(() => Trainers.GentleClipFineTuning(new FineTuningOptions())).Message);
        using var towers = LabelledViews.Aligned(steps: 1);
        Assert.Contains("expected one of them", Assert.ThrowsExactly<ArgumentException>(() => Trainers.GentleClipFineTuning(towers, Options(2))).Message);
        Assert.Contains("Side is B, but there is one modality only", Assert.ThrowsExactly<ArgumentException>(() =>
            Trainers.GentleClipFineTuning(Options(2) with { Modalities = [LabelledViews.Modalities[0]], Side = Side.B })).Message);
        Assert.Contains("is both the label and an input", Assert.ThrowsExactly<ArgumentException>(() =>
            Trainers.GentleClipFineTuning(Options(2) with { LabelColumnName = "A" })).Message);
        Assert.Contains("numbers have no classes", Assert.ThrowsExactly<ArgumentException>(() =>
            _mlContext.Regression.Trainers.GentleClipFineTuning(Options(2) with { ClassWeighting = ClassWeighting.Balanced })).Message);
        Assert.ThrowsExactly<ArgumentException>(() => new FineTuningOptions { Modalities = [] });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new FineTuningOptions { Dropout = 1 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new FineTuningOptions { TrainableLayers = -1 });
        Assert.Contains("rows, not pairs", Assert.ThrowsExactly<ArgumentException>(() =>
            Trainers.GentleClipFineTuning(Options(2) with { Validation = new() { GuardUnpairedObjectives = true } })).Message);
        var changed = Options(2);
        var copy = changed with { };
        copy.Optimizer.LearningRate = 0.5;
        Assert.AreEqual(1e-2, changed.Optimizer.LearningRate, "a copy has its groups to itself");
        towers.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => Trainers.GentleClipFineTuning(towers));
    }

    [TestMethod]
    public void ASavedModelThatWasTamperedWithIsRefused()
    {
        using var model = Trainers.GentleClipFineTuning(Options(2)).Fit(_train);
        using var file = new MemoryStream();
        _mlContext.Model.Save(model, _train.Schema, file);
        var content = file.ToArray();
        foreach (var (from, to) in new[]
        {
            ("\"count\": 3", "\"count\": 4"), ("\"count\": 3", "\"count\": 2000000000"), ("\"inputDimension\": 12", "\"inputDimension\": 2000000000"),
            ("\"oak\"", "null"), ("\"task\": \"Multiclass\"", "\"task\": \"Regression\""), ("\"task\": \"Multiclass\"", "\"task\": 9"),
            ("\"type\": \"text\"", "\"type\": \"boolean\""), ("\"labelColumn\": \"Label\"", "\"labelColumn\": \"\""),
            ("\"seed\": 3", "\"seed\": 3, \"more\": 1"), ("\"hiddenDimensions\": [\n        32\n      ]", "\"hiddenDimensions\": [33]"),
        })
        {
            using var damaged = SavedModel.WithDescription(content, from, to);
            var error = Assert.Throws<Exception>(() => new MLContext().Model.Load(damaged, out _), $"{from} -> {to}");
            var isRefused = error is FormatException or InvalidDataException || error.InnerException is FormatException or InvalidDataException;
            Assert.IsTrue(isRefused, $"{from}: {error}");
        }
        using var whole = new MemoryStream(content);
        using var loaded = (FineTunedTransformer)new MLContext().Model.Load(whole, out _);
        CollectionAssert.AreEqual(model.History.ToArray(), loaded.History.ToArray());
        Assert.AreEqual((model.Seed, model.LabelColumnName, model.Task), (loaded.Seed, loaded.LabelColumnName, loaded.Task));
    }

    private MulticlassClassificationCatalog.MulticlassClassificationTrainers Trainers => _mlContext.MulticlassClassification.Trainers;

    private static FineTuningOptions Options(int steps) =>
        LabelledViews.Options(steps) with
        {
            Modalities = LabelledViews.Modalities,
            Optimizer = new() { LearningRate = 1e-2 },
            Batches = new() { Size = 16 },
        };

    private void Refused(
        string message, List<LabelledViews.Row> rows, Action<LabelledViews.Row> spoil, string label = "Label", FineTuningTask task = FineTuningTask.Multiclass)
    {
        var spoilt = LabelledViews.Rows(rows.Count);
        spoilt.ForEach(spoil);
        var data = LabelledViews.Keys(_mlContext, rows).Transform(_mlContext.Data.LoadFromEnumerable(spoilt));
        var options = Options(2) with { LabelColumnName = label };
        var estimator = task switch
        {
            FineTuningTask.Binary => _mlContext.BinaryClassification.Trainers.GentleClipFineTuning(options),
            FineTuningTask.Regression => _mlContext.Regression.Trainers.GentleClipFineTuning(options),
            FineTuningTask.MultiLabel => _mlContext.BinaryClassification.Trainers.GentleClipMultiLabelFineTuning(options),
            _ => Trainers.GentleClipFineTuning(options),
        };
        Assert.Contains(message, Assert.ThrowsExactly<InvalidOperationException>(() => estimator.Fit(data), message).Message);
    }

    private byte[] Fit(FineTuningOptions options)
    {
        using var model = Trainers.GentleClipFineTuning(options).Fit(_train);
        using var file = new MemoryStream();
        _mlContext.Model.Save(model, null, file);
        using var zip = new ZipArchive(file, ZipArchiveMode.Read);
        using var content = new MemoryStream();
        foreach (var entry in zip.Entries.Where(entry => entry.Name is "model.json" or "weights.safetensors").OrderBy(entry => entry.Name))
        {
            using var stream = entry.Open();
            stream.CopyTo(content);
        }
        Assert.IsGreaterThan(1000, content.Length);
        return content.ToArray();
    }

    private void Cancel(FineTuningOptions options, int at)
    {
        using var source = new CancellationTokenSource();
        var cancelled = options with
        {
            CancellationToken = source.Token,
            Progress = new DirectProgress(report =>
            {
                if (report.Step >= at)
                    source.Cancel();
            }),
            Clock = new SteppingClock(TimeSpan.FromSeconds(1)),
        };
        try
        {
            Trainers.GentleClipFineTuning(cancelled).Fit(_train).Dispose();
        }
        catch (OperationCanceledException)
        {
            // as it should
        }
    }
}
