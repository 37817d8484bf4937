using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.GentleClip.Trainers.Checkpoints;

namespace Microsoft.ML.GentleClip.Tests.Trainers;

/// <summary>A training that is interrupted and taken up again gives the bytes of one that was not.</summary>
[TestClass]
public sealed class CheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 3);
    private readonly IDataView _rows = Load(TwoViews.Mixed(40, 60, 50));

    private string Checkpoints => _folder.File("checkpoints");

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void AnOptionThatAVersionLacksIsOneThatIsNotSet()
    {
        Dictionary<string, string> older = new() { ["gone"] = "not set", ["seed"] = "3" }, newer = new() { ["new"] = "not set", ["seed"] = "3" };
        Assert.IsEmpty(CheckpointFingerprint.Differences(older, newer));
        (older["gone"], newer["seed"]) = ("7", "4");
        CollectionAssert.AreEqual(new[] { "gone is not set, was 7", "seed is 4, was 3" }, CheckpointFingerprint.Differences(older, newer).ToArray());
    }

    /// <summary>Checkpoints of versions whose second views were always of all rows are gone on with where all rows have them.</summary>
    [TestMethod]
    public void SecondViewsOfAllRowsAreWhatThereWasBefore()
    {
        CollectionAssert.AreEqual(Array.Empty<string>(), Shares(GentleClipPreset.Paper));
        CollectionAssert.AreEqual(
            new[] { "Objectives.selfSupervised.Needs.SecondViewShare 0.25", "Objectives.selfSupervised.Share 0.25" }, Shares(GentleClipPreset.Recommended));

        string[] Shares(GentleClipPreset preset)
        {
            using var own = new TemporaryFolder();
            var options = Options(preset);
            options.Checkpoints.Directory = own.File("checkpoints");
            Fit(options);
            using var folder = new CheckpointFolder(own.File("checkpoints"), message => Assert.Fail(message));
            var newest = folder.Newest(0)!.Value;
            using var tensors = newest.Tensors;
            return [.. newest.State.Fingerprint.Where(entry => entry.Key.EndsWith("Share", StringComparison.Ordinal) && entry.Value != "not set")
                .Select(entry => $"{entry.Key} {entry.Value}")];
        }
    }

    [TestMethod]
    public void ACheckpointFromBeforeTheGroupsIsOfTheSameTraining()
    {
        var options = Options(GentleClipPreset.Clip);
        options.Checkpoints.Directory = Checkpoints;
        Fit(options);
        using var folder = new CheckpointFolder(Checkpoints, message => Assert.Fail(message));
        var newest = folder.Newest(0)!.Value;
        using var tensors = newest.Tensors;
        var now = newest.State.Fingerprint;
        Dictionary<string, string> former = now.ToDictionary(entry => Former(entry.Key), entry => entry.Value);
        Assert.IsEmpty(now.Keys.Where(name => name is "Batches" or "Optimizer" or "Validation" || name.StartsWith("Checkpoints", StringComparison.Ordinal)));
        Assert.IsEmpty(former.Keys.Where(name => name.StartsWith("Batches", StringComparison.Ordinal)));
        Assert.AreEqual(10, former.Keys.Except(now.Keys).Count());
        Assert.IsEmpty(CheckpointFingerprint.Differences(former, now));
        former["BatchSize"] = "7";
        Assert.AreEqual("Batches.Size is 32, was 7", CheckpointFingerprint.Differences(former, now).Single());

        former = new() { ["ModalityA.Encoder.Size.EmbeddingDimension"] = "64", ["ModalityB.Encoder.EmbeddingDimension"] = "8", ["EmbeddingDimension"] = "16" };
        Assert.IsEmpty(CheckpointFingerprint.Differences(former, new Dictionary<string, string>
        {
            ["ModalityA.Encoder.Size.HiddenDimension"] = "64",
            ["ModalityB.Encoder.ResidueDimension"] = "8",
            ["EmbeddingDimension"] = "16",
        }));

        static string Former(string name) => name switch
        {
            "Batches.Size" => "BatchSize",
            "Validation.Fraction" => "ValidationFraction",
            _ => name.Split('.') is ["Batches" or "Optimizer" or "Validation", var inner] ? inner : name,
        };
    }

    public static IEnumerable<object[]> Trainings =>
    [
        [GentleClipPreset.Clip, 1], [GentleClipPreset.Clip, 17], [GentleClipPreset.Paper, 9], [GentleClipPreset.PublishedCode, 9],
        [GentleClipPreset.Recommended, 23], [GentleClipPreset.SClip, 20], [GentleClipPreset.SotAlign, 13], [GentleClipPreset.GentleSClip, 29],
    ];

    [TestMethod]
    [DynamicData(nameof(Trainings))]
    public void AnInterruptedTrainingGivesTheBytesOfAnUndisturbedOne(GentleClipPreset preset, int cancelledAt)
    {
        var options = Options(preset);
        byte[] undisturbed = Fit(options);
        byte[] interrupted = FitInParts(options, cancelledAt);
        CollectionAssert.AreEqual(undisturbed, interrupted);
    }

    [TestMethod]
    public void ValidationEarlyStoppingGuardLearntKernelsAndAveragesGoOnToo()
    {
        var options = Options(GentleClipPreset.Recommended, steps: 60);
        options.Validation.Fraction = 0.25;
        options.Validation.EarlyStoppingPatience = 2;
        options.Validation.GuardUnpairedObjectives = true;
        options.Objectives = options.Objectives.With(new TransportPairObjective()).With(new MmdObjective { KernelWeights = MmdKernelWeights.Learnable });
        byte[] undisturbed = Fit(options);
        // Within the first training, at an epoch's end, and within the second.
        foreach (int at in new[] { 7, 20, 33, 61, 65, 90 })
            CollectionAssert.AreEqual(undisturbed, FitInParts(options, at), $"cancelled at {at}");
        CollectionAssert.AreEqual(undisturbed, FitInParts(options, 5, 26, 43, 70));
    }

    [TestMethod]
    public void EpochsThatValidateAlikeGoOnToo()
    {
        // So slow that ranks do not change: the latest of equals must win over the one of the checkpoint, with its share, as if nothing had been in between.
        var options = Options(GentleClipPreset.Recommended, steps: 60);
        (options.Optimizer.LearningRate, options.Validation.Fraction, options.Validation.EarlyStoppingPatience) = (1e-6, 0.1, 1);
        byte[] undisturbed = Fit(options);
        CollectionAssert.AreEqual(undisturbed, FitInParts(options, 21, 41));
        options.Validation.EarlyStoppingPatience = 2;
        CollectionAssert.AreEqual(undisturbed, Fit(options), "the test needs a training that patience does not stop");
    }

    [TestMethod]
    public void ACheckpointValidatedByAnotherMeasureIsRefused()
    {
        var options = Options(GentleClipPreset.Clip);
        (options.Validation.Fraction, options.Checkpoints.Directory) = (0.25, Checkpoints);
        Cancel(options, at: 25);
        foreach (var older in Directory.GetFiles(Checkpoints).Order().SkipLast(1))
            File.Delete(older);
        Rewrite(Directory.GetFiles(Checkpoints).Single(), "\\\"mean log rank\\\"", "\\\"mean reciprocal rank\\\"");
        string message = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(options)).Message;
        Assert.Contains("is of another training: validation criterion is mean log rank, was mean reciprocal rank.", message);
    }

    [TestMethod]
    public void RawEncodersWithFrozenLayersAndNormalisationGoOnToo()
    {
        var rows = Load(Proteins.Mixed(10, 6, 5));
        var options = new GentleClipOptions
        {
            ModalityA = Modality.ProteinSequence("SequenceEmbedding", "Sequence", new Esm2Options { Size = new Esm2Size(2, 16, 2), TrainableLayers = 1 }),
            ModalityB = Modality.ProteinStructure("StructureEmbedding", "AlphaCarbons", encoder: new CdConvOptions { Channels = [8, 16], Radii = [8, 12] }),
            EmbeddingDimension = 8,
            Batches = new() { Size = 8 },
            MaximumNumberOfSteps = 8,
            NumberOfThreads = 1,
            Seed = 5,
            PairedColumnName = "IsPaired",
        };
        byte[] undisturbed = Fit(options, rows);
        CollectionAssert.AreEqual(undisturbed, FitInParts(options, [3], rows));
    }

    [TestMethod]
    public void AFinishedTrainingIsGivenAgainWithoutAStep()
    {
        var options = Options(GentleClipPreset.Recommended);
        options.Checkpoints.Directory = Checkpoints;
        byte[] first = Fit(options);
        string only = Directory.GetFiles(Checkpoints).Single();
        StringAssert.Contains(only, "-end-");
        var steps = new List<TrainingProgress>();
        options.Progress = new Immediate(steps.Add);
        CollectionAssert.AreEqual(first, Fit(options));
        Assert.IsEmpty(steps.Where(progress => progress.Step > 0));
        Assert.AreEqual(only, Directory.GetFiles(Checkpoints).Single());
    }

    [TestMethod]
    public void TheLastOnesAreKeptAndADamagedOneIsPassedOver()
    {
        var options = Options(GentleClipPreset.Clip);
        byte[] undisturbed = Fit(options);
        options.Checkpoints.Directory = Checkpoints;
        options.Checkpoints.Steps = 4;
        options.Checkpoints.Keep = 2;
        Cancel(options, at: 3);
        string[] kept = [.. Directory.GetFiles(Checkpoints).Order()];
        Assert.HasCount(2, kept);
        StringAssert.Contains(kept[0], "-000000008-run-");
        StringAssert.Contains(kept[1], "-000000012-run-");

        // Cut short, changed, and left half written.
        byte[] content = File.ReadAllBytes(kept[1]);
        content[^9] ^= 1;
        File.WriteAllBytes(kept[1], content);
        File.WriteAllBytes(Path.Combine(Checkpoints, "checkpoint-0-000000039-run-00112233445566778899aabbccddeeff.safetensors"),
            content[..(content.Length / 2)]);
        File.WriteAllText(Path.Combine(Checkpoints, "checkpoint.abc.tmp"), "half");
        File.WriteAllText(Path.Combine(Checkpoints, $"checkpoint-0-{new string('\u0661', 9)}-run-00112233445566778899aabbccddeeff.safetensors"),
            "digits of another script");
        File.WriteAllText(Path.Combine(Checkpoints, "notes.txt"), "mine");
        var warnings = new List<string>();
        _mlContext.Log += (_, entry) =>
        {
            if (entry.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.Message);
        };
        var progress = new List<int>();
        options.Progress = new Immediate(state => progress.Add(state.Step));
        CollectionAssert.AreEqual(undisturbed, Fit(options));
        Assert.HasCount(2, warnings.Where(warning => warning.Contains("is passed over", StringComparison.Ordinal)).Distinct().ToArray());
        Assert.IsFalse(File.Exists(Path.Combine(Checkpoints, "checkpoint.abc.tmp")));
        Assert.IsTrue(File.Exists(Path.Combine(Checkpoints, "notes.txt")), "what is not ours stays");
    }

    [TestMethod]
    public void OtherOptionsOrRowsAreNamed()
    {
        var options = Options(GentleClipPreset.Recommended);
        options.Checkpoints.Directory = Checkpoints;
        Cancel(options, at: 10);
        options.Optimizer.LearningRate = 1e-3;
        options.Objectives = options.Objectives.With<SddObjective>(sdd => sdd with { LeaveOneOut = false })
            .With<MmdObjective>(mmd => mmd with { Ramp = new() });
        string message = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(options)).Message;
        Assert.Contains("Optimizer.LearningRate is 0.001, was 0.005", message);
        Assert.Contains("Objectives.sdd.LeaveOneOut is False, was True", message);
        Assert.Contains("Objectives.mmd.Ramp.End is 0.4, was not set", message);
        Assert.Contains(Checkpoints, message);
        Assert.DoesNotContain("rows", message);

        options = Options(GentleClipPreset.Recommended);
        options.Checkpoints.Directory = Checkpoints;
        message = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(options, Load(TwoViews.Mixed(40, 60, 50, seed: 9)))).Message;
        Assert.Contains("training rows is content ", message);
        options.Seed = 4;
        Assert.Contains("seed is 4, was 3", Assert.ThrowsExactly<InvalidOperationException>(() => Fit(options)).Message);

        // How it runs is no part of what it computes.
        options = Options(GentleClipPreset.Recommended);
        (options.Checkpoints.Directory, options.Checkpoints.Steps, options.Device) = (Checkpoints, 7, "cpu");
        byte[] undisturbed = Fit(Options(GentleClipPreset.Recommended));
        CollectionAssert.AreEqual(undisturbed, Fit(options));
    }

    [TestMethod]
    public void TheTimeThatRemainsIsReckonedFromTheStepsOfThisRun()
    {
        var options = Options(GentleClipPreset.Clip);
        options.Checkpoints.Directory = Checkpoints;
        Cancel(options, at: 10);
        var reports = new List<TrainingProgress>();
        options.Progress = new Immediate(reports.Add);
        options.Clock = new Estimators.SteppingClock(TimeSpan.FromSeconds(1)); // read once per step, and a little more
        Fit(options);
        var steps = reports.FindAll(progress => progress.Loss is not null);
        Assert.AreEqual(11, steps[0].Step);
        Assert.IsNull(steps[0].Remaining, "nothing is known yet");
        var known = steps.FindAll(progress => progress.Remaining > TimeSpan.Zero);
        Assert.IsGreaterThan(15, known.Count);
        foreach (var progress in known)
        {
            var left = progress.TotalSteps - progress.Step;
            Assert.IsInRange(0.99 * left, 3 * left, progress.Remaining!.Value.TotalSeconds, $"{progress}");
        }
    }

    [TestMethod]
    public void AMismatchMayBeAllowed()
    {
        var options = Options(GentleClipPreset.Recommended);
        options.Checkpoints.Directory = Checkpoints;
        Cancel(options, at: 10);
        (options.Optimizer.LearningRate, options.Checkpoints.AllowMismatch) = (1e-3, true);
        var steps = new List<int>();
        options.Progress = new Immediate(state => steps.Add(state.Step));
        Fit(options, Load(TwoViews.Mixed(30, 20, 50)));
        Assert.IsGreaterThanOrEqualTo(10, steps.Where(step => step > 0).Min());

        options.EmbeddingDimension = 24;
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => Fit(options)).Message, "does not fit this training");
    }

    [TestMethod]
    public void AFinishedTrainingGoesOnWhereMoreStepsAreAllowed()
    {
        var options = Options(GentleClipPreset.Recommended, steps: 20);
        options.Checkpoints.Directory = Checkpoints;
        Fit(options);
        (options.MaximumNumberOfSteps, options.Checkpoints.AllowMismatch) = (30, true);
        var steps = new List<int>();
        options.Progress = new Immediate(state => steps.Add(state.Step));
        Fit(options);
        Assert.IsTrue(steps.Where(step => step > 0).All(step => step is >= 20 and <= 30) && steps[^1] == 30, string.Join(' ', steps));
        StringAssert.Contains(Directory.GetFiles(Checkpoints).Single(), "-000000030-end-");
    }

    [TestMethod]
    public void OtherPretrainedWeightsAreNamedWhereverTheyLie()
    {
        var rows = Load(Proteins.Mixed(10, 6, 5));
        string[] files = [.. new[] { 1, 2 }.Select(seed =>
        {
            var start = Proteins.Options(steps: 1);
            start.Seed = seed;
            using var model = _mlContext.Transforms.GentleClip(start).Fit(rows);
            model.SaveTowerWeights(_folder.File($"{seed}.safetensors"), "SequenceEmbedding");
            return _folder.File($"{seed}.safetensors");
        })];
        byte[] undisturbed = Fit(Pretrained(files[0]), rows);
        var options = Pretrained(files[0]);
        options.Checkpoints.Directory = Checkpoints;
        Cancel(options, at: 3, rows: rows);

        // The frozen layers are in no checkpoint: they would be those of the other file.
        options = Pretrained(files[1]);
        options.Checkpoints.Directory = Checkpoints;
        Assert.Contains("pretrained weights of A is content ", Assert.ThrowsExactly<InvalidOperationException>(() => Fit(options, rows)).Message);

        File.Move(files[0], _folder.File("moved.safetensors"));
        options = Pretrained(_folder.File("moved.safetensors"));
        options.Checkpoints.Directory = Checkpoints;
        CollectionAssert.AreEqual(undisturbed, Fit(options, rows));

        static GentleClipOptions Pretrained(string file) =>
            Proteins.Options(steps: 6, sequence: Proteins.SmallSequence with { WeightsFile = file, TrainableLayers = 1 });
    }

    [TestMethod]
    public void AnotherVocabularyIsNamed()
    {
        var rows = Load(Captions.Mixed(20, 10, 10));
        var vocabulary = _folder.File("vocab.txt");
        var words = Captions.Colours.Concat(Captions.Things);
        File.WriteAllLines(vocabulary, new[] { "[PAD]", "[UNK]", "[CLS]", "[SEP]" }.Concat(words));
        var options = Captions.Options(Captions.SmallBert with { VocabularyFile = vocabulary }, steps: 6);
        options.Checkpoints.Directory = Checkpoints;
        Cancel(options, at: 3, rows: rows);
        File.WriteAllLines(vocabulary, new[] { "[PAD]", "[UNK]", "[CLS]", "[SEP]" }.Concat(words.Reverse()));
        Assert.Contains("vocabulary of A is content ", Assert.ThrowsExactly<InvalidOperationException>(() => Fit(options, rows)).Message);
    }

    [TestMethod]
    [DataRow("\\\"optimizerSteps\\\":10,", "\\\"optimizerSteps\\\":-9,", "is passed over", DisplayName = "a state that cannot be")]
    [DataRow("\\\"step\\\":10,", "\\\"step\\\":11,", "is passed over", DisplayName = "another step than the name's")]
    [DataRow("\"random.torch/noise\"", "\"random.torch/noise@cuda:0\"", "taken on another device", DisplayName = "the noise of a GPU")]
    [DataRow("\"sampler.pairs\"", "\"sampler.pears\"", "begins anew", DisplayName = "no order of the pairs")]
    [DataRow("\\\"pairs\\\":", "\\\"pears\\\":", "begins anew", DisplayName = "no position in the order")]
    [DataRow("\"optimizer.mean.0\"", "\"optimizer.mean.x\"", null, DisplayName = "a moment of the optimiser is missing")]
    public void AWellFormedFileThatNoTrainingWroteIsPassedOverOrRefused(string original, string changed, string? warning)
    {
        var options = Options(GentleClipPreset.Clip);
        options.Checkpoints.Directory = Checkpoints;
        Cancel(options, at: 10);
        foreach (var older in Directory.GetFiles(Checkpoints).Order().SkipLast(1))
            File.Delete(older);
        Rewrite(Directory.GetFiles(Checkpoints).Single(), original, changed);
        var warnings = new List<string>();
        _mlContext.Log += (_, entry) =>
        {
            if (entry.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.Message);
        };
        if (warning is null)
        {
            Assert.Contains("does not fit this training", Assert.ThrowsExactly<InvalidOperationException>(() => Fit(options)).Message);
            return;
        }
        Fit(options);
        Assert.IsTrue(warnings.Exists(message => message.Contains(warning, StringComparison.Ordinal)), string.Join('\n', warnings));
    }

    [TestMethod]
    public void ASeedThatNobodyNamedIsKept()
    {
        var options = Options(GentleClipPreset.Clip);
        (options.Seed, options.Checkpoints.Directory) = (null, Checkpoints);
        var anyContext = new MLContext();
        Cancel(options, at: 10, anyContext);
        using var model = anyContext.Transforms.GentleClip(options).Fit(_rows);
        options.Checkpoints.Directory = null;
        options.Seed = model.Seed;
        using var undisturbed = anyContext.Transforms.GentleClip(options).Fit(_rows);
        CollectionAssert.AreEqual(Bytes(undisturbed), Bytes(model));
    }

    [TestMethod]
    public void AFullDiskEndsTheTrainingClearlyAndEarlierCheckpointsStay()
    {
        var options = Options(GentleClipPreset.Clip);
        byte[] undisturbed = Fit(options);
        options.Checkpoints.Directory = Checkpoints;
        options.Checkpoints.Steps = 5;
        int written = 0;
        options.CheckpointStream = stream => ++written < 3 ? stream : new Quota(stream, 10_000);
        var full = Assert.ThrowsExactly<IOException>(() => Fit(options));
        Assert.Contains("The checkpoint of step 15 cannot be written to", full.Message);
        Assert.Contains(Checkpoints, full.Message);
        Assert.Contains("No space left", full.Message);
        Assert.HasCount(2, Directory.GetFiles(Checkpoints));

        // Also while it is cancelled: cancelled it is, and it says what was not saved.
        written = 2;
        var cancelled = Assert.Throws<OperationCanceledException>(() => Cancelled(options, at: 1));
        Assert.Contains("No space left", cancelled.Message);
        Assert.IsInstanceOfType<IOException>(cancelled.InnerException);
        options.CheckpointStream = null;
        CollectionAssert.AreEqual(undisturbed, Fit(options));
    }

    [TestMethod]
    public void AFolderThatCannotBeUsedIsNamed()
    {
        var options = Options(GentleClipPreset.Clip);
        options.Checkpoints.Directory = _folder.File("file");
        File.WriteAllText(options.Checkpoints.Directory, "a file");
        StringAssert.Contains(Assert.ThrowsExactly<IOException>(() => Fit(options)).Message,
            $"The folder of checkpoints '{options.Checkpoints.Directory}' cannot be made");

        options.Checkpoints.Directory = Checkpoints;
        IOException? second = null;
        options.Progress = new Immediate(state =>
        {
            if (state.Loss is null || second is not null)
                return;
            var other = Options(GentleClipPreset.Clip);
            other.Checkpoints.Directory = Checkpoints;
            second = Assert.ThrowsExactly<IOException>(() => new MLContext(1).Transforms.GentleClip(other).Fit(_rows));
        });
        Fit(options);
        StringAssert.Contains(second?.Message, "another training uses it");
        Assert.ThrowsExactly<ArgumentException>(() => options.Checkpoints.Directory = " ");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => options.Checkpoints.Steps = 0);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => options.Checkpoints.Interval = TimeSpan.Zero);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => options.Checkpoints.Keep = 0);
    }

    [TestMethod]
    public void CheckpointsLeaveNoTensors()
    {
        var options = Options(GentleClipPreset.Recommended, steps: 200);
        options.Checkpoints.Directory = Checkpoints;
        options.Checkpoints.Steps = 3;
        LiveTensors.AssertFlat(options, _rows);
    }

    private static GentleClipOptions Options(GentleClipPreset preset, int steps = 40)
    {
        var options = GentleClipOptions.FromPreset(preset);
        var small = TwoViews.Options(steps);
        (options.ModalityA, options.ModalityB) = (small.ModalityA, small.ModalityB);
        (options.EmbeddingDimension, options.MaximumNumberOfSteps, options.NumberOfThreads) = (16, steps, 1);
        (options.Batches.Size, options.Optimizer.LearningRate) = (32, 5e-3);
        options.PairedColumnName = "IsPaired";
        options.Seed = 3;
        return options;
    }

    private byte[] Fit(GentleClipOptions options, IDataView? rows = null)
    {
        using var model = _mlContext.Transforms.GentleClip(options).Fit(rows ?? _rows);
        return Bytes(model);
    }

    private byte[] FitInParts(GentleClipOptions options, params int[] cancelledAt) => FitInParts(options, cancelledAt, _rows);

    private byte[] FitInParts(GentleClipOptions options, int[] cancelledAt, IDataView rows)
    {
        if (Directory.Exists(Checkpoints))
            Directory.Delete(Checkpoints, recursive: true);
        options = options with { Checkpoints = options.Checkpoints with { Directory = Checkpoints } };
        foreach (int at in cancelledAt)
            Cancel(options, at, rows: rows);
        return Fit(options, rows);
    }

    // A training that ends before is no interruption.
    private void Cancel(GentleClipOptions options, int at, MLContext? mlContext = null, IDataView? rows = null)
    {
        try
        {
            Cancelled(options, at, mlContext, rows);
        }
        catch (OperationCanceledException)
        {
        }
    }

    // At the first report, which without a closed form is that of the first step of this fit; or right after so many checkpoints, one a step.
    private void Cancelled(GentleClipOptions options, int at, MLContext? mlContext = null, IDataView? rows = null)
    {
        using var cancellation = new CancellationTokenSource();
        options = options with { CancellationToken = cancellation.Token, Progress = null };
        if (at == 1)
            options.Progress = new Immediate(state =>
            {
                if (state.Loss is not null)
                    cancellation.Cancel();
            });
        else
        {
            int written = 0;
            options.Checkpoints.Steps ??= 1;
            options.CheckpointStream = stream =>
            {
                if (++written == at)
                    cancellation.Cancel();
                return stream;
            };
        }
        (mlContext ?? _mlContext).Transforms.GentleClip(options).Fit(rows ?? _rows).Dispose();
    }

    private static byte[] Bytes(GentleClipTransformer model)
    {
        using var file = new MemoryStream();
        new MLContext().Model.Save(model, null, file);
        using var zip = new System.IO.Compression.ZipArchive(file, System.IO.Compression.ZipArchiveMode.Read);
        // The entries: a zip holds times.
        using var content = new MemoryStream();
        foreach (var entry in zip.Entries.Where(entry => entry.Name is "model.json" or "weights.safetensors").OrderBy(entry => entry.Name))
        {
            using var stream = entry.Open();
            stream.CopyTo(content);
        }
        Assert.IsGreaterThan(1000, content.Length);
        return content.ToArray();
    }

    // Changes the header, and gives the file the name of its new content.
    private static void Rewrite(string file, string original, string changed)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int length = (int)BitConverter.ToInt64(bytes);
        string header = System.Text.Encoding.UTF8.GetString(bytes, 8, length);
        Assert.Contains(original, header);
        byte[] other = System.Text.Encoding.UTF8.GetBytes(header.Replace(original, changed));
        byte[] content = [.. BitConverter.GetBytes((long)other.Length), .. other, .. bytes[(8 + length)..]];
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content))[..32];
        File.WriteAllBytes($"{file[..file.LastIndexOf('-')]}-{hash}.safetensors", content);
        File.Delete(file);
    }

    private static IDataView Load<T>(List<T> rows) where T : class => new MLContext(1).Data.LoadFromEnumerable(rows);

    private sealed class Immediate(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }

    private sealed class Quota(Stream inner, long bytes) : MemoryStream
    {
        private long _left = bytes;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if ((_left -= buffer.Length) < 0)
                throw new IOException("No space left on device");
            inner.Write(buffer);
        }
    }
}
