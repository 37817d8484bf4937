using Microsoft.ML.GentleClip.Trainers;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>The closed form through the estimator: alone, beside the towers, as their teacher.</summary>
[TestClass]
public sealed class ClosedFormTests
{
    private static readonly MLContext MlContext = new(seed: 1);
    private static readonly List<TwoViews.Row> TrainRows = TwoViews.Mixed(pairs: 24, unpairedA: 90, unpairedB: 80);
    private static readonly List<TwoViews.Row> TestRows = TwoViews.Pairs(100, seed: 77);
    private static readonly IDataView Train = MlContext.Data.LoadFromEnumerable(TrainRows);
    private static readonly IDataView Test = MlContext.Data.LoadFromEnumerable(TestRows);

    private static GentleClipOptions Options(ClosedFormOptions? closedForm, int dimension = 16, int steps = 20)
    {
        var options = TwoViews.Options(steps);
        (options.ClosedForm, options.EmbeddingDimension) = (closedForm, dimension);
        if (closedForm?.Role == ClosedFormRole.Teacher)
            options.Objectives = options.Objectives.With(new KlotObjective());
        return options;
    }

    private static GentleClipTransformer Fit(ClosedFormOptions? closedForm, int dimension = 16, int steps = 20) =>
        MlContext.Transforms.GentleClip(Options(closedForm, dimension, steps)).Fit(Train);

    private static float[][] Embed(GentleClipTransformer model, string column = "EmbeddingA") => Embeddings.Column(model.Transform(Test), column);

    private static double Recall(GentleClipTransformer model) =>
        Operations.Catalog.EvaluateRetrieval(model.Transform(Test), "EmbeddingA", "EmbeddingB").RecallAt(5);

    private static ValidationRetrieval Validation(GentleClipTransformer model) => ValidationReference.Evaluate(model, TestRows, TrainRows);

    [TestMethod]
    [DataRow(3)]
    [DataRow(16)]
    [DataRow(200)]
    public void AloneItFillsTheColumnWithoutTraining(int dimension)
    {
        using var model = Fit(new ClosedFormOptions { Role = ClosedFormRole.Alone }, dimension);
        Assert.IsEmpty(model.History);
        Assert.AreEqual(dimension, model.EmbeddingDimension);
        foreach (var row in Embed(model).Concat(Embed(model, "EmbeddingB")))
        {
            Assert.HasCount(dimension, row);
            Assert.AreEqual(1, row.Sum(x => (double)x * x), 1e-5);
        }
        var report = model.ClosedForm!;
        Assert.AreEqual(report.NaturalDimension > dimension, report.KeptEnergy < 1);
        if (dimension > report.NaturalDimension)
            Assert.IsTrue(Embed(model).All(row => row.Skip((int)report.NaturalDimension).All(x => x == 0)), "zeros fill up what is missing");
        Assert.IsGreaterThan(dimension == 3 ? 0.3 : 0.5, Recall(model)); // chance is 0.05
        Assert.AreEqual(90, report.UnpairedA);
        Assert.AreEqual(80, report.UnpairedB);
        Assert.IsNull(report.LogRankOfSelfTraining);
        Assert.AreEqual(report.Method, report.Choice!.Taken);
        Assert.HasCount(3, report.Choice.Candidates);
    }

    [TestMethod]
    public void BesideTowersTheFirstSlotsAreTheClosedFormsAndTheRestTheTowers()
    {
        const double share = 0.3;
        using var alone = Fit(new ClosedFormOptions { Role = ClosedFormRole.Alone }, dimension: 6);
        using var both = Fit(new ClosedFormOptions { Role = ClosedFormRole.BesideTowers, Share = share, Dimension = 6 });
        using var students = Fit(closedForm: null, dimension: 10);
        foreach (var column in new[] { "EmbeddingA", "EmbeddingB" })
        {
            var (closedForm, student, joint) = (Embed(alone, column), Embed(students, column), Embed(both, column));
            for (var row = 0; row < joint.Length; row++)
            {
                for (var slot = 0; slot < 16; slot++)
                {
                    var expected = slot < 6 ? Math.Sqrt(share) * closedForm[row][slot] : Math.Sqrt(1 - share) * student[row][slot - 6];
                    Assert.AreEqual(expected, joint[row][slot], 2e-6, $"{column}, row {row}, slot {slot}");
                }
            }
        }
        Assert.IsNotEmpty(both.History);
    }

    [TestMethod]
    public void ByDefaultTheClosedFormHasHalfOfTheSlots()
    {
        using var both = Fit(new ClosedFormOptions { Role = ClosedFormRole.BesideTowers, Share = 0.5 }, dimension: 16, steps: 2);
        var row = Embed(both)[0];
        Assert.AreEqual(0.5, row.Take(8).Sum(x => (double)x * x), 1e-5);
        Assert.AreEqual(0.5, row.Skip(8).Sum(x => (double)x * x), 1e-5);
    }

    [TestMethod]
    public void AGuideLowersThePlansDivergenceAndStaysOutOfTheModel()
    {
        using var taught = Fit(new ClosedFormOptions { Role = ClosedFormRole.Teacher }, steps: 100);
        Assert.IsLessThan(0.75 * taught.History[0].Losses["klot"], taught.History[^1].Losses["klot"]);
        Assert.IsNotNull(taught.ClosedForm);
        Assert.IsNull(taught.Model.ClosedForm);
        // The teacher's word is heard: equal in all but its kernel part, the towers become other ones.
        using var other = Fit(new ClosedFormOptions { Role = ClosedFormRole.Teacher, KernelWeight = 0 }, steps: 100);
        Assert.IsFalse(Embeddings.Bits(taught.Transform(Test), "EmbeddingA").SequenceEqual(Embeddings.Bits(other.Transform(Test), "EmbeddingA")));
    }

    [TestMethod]
    [DataRow(ClosedFormRole.Alone)]
    [DataRow(ClosedFormRole.BesideTowers)]
    [DataRow(ClosedFormRole.Teacher)]
    public void ASavedSelfTrainedModelGivesTheSameBitsAndReport(ClosedFormRole role)
    {
        var closedForm = new ClosedFormOptions { Role = role, Method = ClosedFormMethod.SelfTraining, SelfTraining = ClosedFormPart.On };
        using var model = Fit(closedForm with { Smoothing = true, Spectral = ClosedFormPart.On });
        using var file = new MemoryStream();
        MlContext.Model.Save(model, Train.Schema, file);
        file.Position = 0;
        using var loaded = (GentleClipTransformer)new MLContext().Model.Load(file, out _);
        foreach (var column in new[] { "EmbeddingA", "EmbeddingB" })
            Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(Test), column), Embeddings.Bits(loaded.Transform(Test), column));
        Assert.AreEqual(model.ClosedForm! with { PseudoPairs = loaded.ClosedForm!.PseudoPairs }, loaded.ClosedForm);
        CollectionAssert.AreEqual(model.ClosedForm.PseudoPairs.ToArray(), loaded.ClosedForm.PseudoPairs.ToArray());
        Assert.IsTrue(loaded.ClosedForm.UsesSelfTraining && loaded.ClosedForm.UsesSpectral);
    }

    [TestMethod]
    [DataRow(ClosedFormRole.Alone, ClosedFormMethod.Chosen)]
    [DataRow(ClosedFormRole.Alone, ClosedFormMethod.Blend)]
    [DataRow(ClosedFormRole.BesideTowers, ClosedFormMethod.Blend)]
    [DataRow(ClosedFormRole.BesideTowers, ClosedFormMethod.Transport)]
    [DataRow(ClosedFormRole.BesideTowers, ClosedFormMethod.Linear)]
    [DataRow(ClosedFormRole.Teacher, ClosedFormMethod.Blend)]
    public void ASavedModelGivesTheSameBitsAndReport(ClosedFormRole role, ClosedFormMethod method)
    {
        var closedForm = new ClosedFormOptions { Role = role, Method = method, Smoothing = method == ClosedFormMethod.Chosen };
        using var model = Fit(closedForm, dimension: role == ClosedFormRole.Alone ? 300 : 16);
        using var file = new MemoryStream();
        MlContext.Model.Save(model, Train.Schema, file);
        file.Position = 0;
        using var loaded = (GentleClipTransformer)new MLContext().Model.Load(file, out _);
        foreach (var column in new[] { "EmbeddingA", "EmbeddingB" })
            Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(Test), column), Embeddings.Bits(loaded.Transform(Test), column));
        Assert.AreEqual(model.ClosedForm!.ToString(), loaded.ClosedForm!.ToString());
        Assert.AreEqual(method is ClosedFormMethod.Blend or ClosedFormMethod.Transport, loaded.ClosedForm.UsesTransport);
        Assert.AreEqual(method == ClosedFormMethod.Chosen, loaded.ClosedForm.Choice is not null);
        CollectionAssert.AreEqual(model.ClosedForm.Choice?.Candidates.ToArray(), loaded.ClosedForm.Choice?.Candidates.ToArray());
    }

    [TestMethod]
    public void TheReportSaysWhatWasChosenAndWhyAndSoDoesTheLog()
    {
        var lines = new List<string>();
        var mlContext = new MLContext(seed: 1);
        mlContext.Log += (_, entry) => lines.Add(entry.Message);
        var rows = mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(24, 210, 205));
        using var model = mlContext.Transforms.GentleClip(Options(new ClosedFormOptions { Role = ClosedFormRole.Alone })).Fit(rows);
        var (report, choice) = (model.ClosedForm!, model.ClosedForm!.Choice!);
        Assert.HasCount(4, choice.Candidates);
        Assert.AreEqual((24, 5, 210L, 205L), (choice.Pairs, choice.Folds, choice.UnpairedA, choice.UnpairedB));
        foreach (var candidate in choice.Candidates)
            StringAssert.Contains(report.ToString(), FormattableString.Invariant($"{candidate.Method} {candidate.Score:F3}"), StringComparison.Ordinal);
        StringAssert.Contains(report.ToString(), choice.Reason, StringComparison.Ordinal);
        // The share is known after the log's lines only.
        foreach (var line in report.ToString().ReplaceLineEndings("\n").Split('\n').Skip(1)
            .Where(line => !line.StartsWith("  share", StringComparison.Ordinal)))
            Assert.IsTrue(lines.Any(entry => entry.Contains(line.Trim(), StringComparison.Ordinal)), $"the log lacks: {line}");
    }

    [TestMethod]
    public void AModelFileWhoseClosedFormDoesNotFitIsRefused()
    {
        using var model = Fit(new ClosedFormOptions { Role = ClosedFormRole.BesideTowers, Dimension = 6 }, steps: 1);
        using var file = new MemoryStream();
        MlContext.Model.Save(model, Train.Schema, file);
        StringAssert.Contains(Error("\"dimension\": 6", "\"dimension\": 0"), "does not fit an embedding of 16");
        StringAssert.Contains(Error("\"dimension\": 6", "\"dimension\": 16"), "does not fit an embedding of 16");
        StringAssert.Contains(Error("\"share\": 0.75", "\"share\": \"NaN\""), "does not fit an embedding of 16");
        StringAssert.Contains(Error("\"role\": \"SideBySide\"", "\"role\": \"Guide\""), "does not fit an embedding of 16");
        StringAssert.Contains(Error("\"dimension\": 6", "\"dimension\": 5"), "holds");

        string Error(string from, string to)
        {
            using var copy = SavedModel.WithDescription(file.ToArray(), from, to);
            var thrown = Assert.Throws<Exception>(() => new MLContext().Model.Load(copy, out _));
            return thrown.GetBaseException().Message;
        }
    }

    [TestMethod]
    public void EqualSeedsGiveEqualBits()
    {
        using var first = Fit(new ClosedFormOptions { Role = ClosedFormRole.BesideTowers, MaximumUnpairedRows = 40, MaximumAnchors = 10 });
        using var second = Fit(new ClosedFormOptions { Role = ClosedFormRole.BesideTowers, MaximumUnpairedRows = 40, MaximumAnchors = 10 });
        Embeddings.AssertEqualBits(Embeddings.Bits(first.Transform(Test), "EmbeddingA"), Embeddings.Bits(second.Transform(Test), "EmbeddingA"));
        Assert.AreEqual(40, first.ClosedForm!.UnpairedA);
    }

    [TestMethod]
    public void ValidationScoresTheWholeEmbedding()
    {
        var options = Options(new ClosedFormOptions { Role = ClosedFormRole.Alone });
        using var model = MlContext.Transforms.GentleClip(options).Fit(Train, Test);
        var epoch = model.History.Single();
        Assert.AreEqual(Validation(model).RecallAt5, epoch.Validation!.RecallAt5, 0.01);
        Assert.IsEmpty(epoch.Losses);

        options = Options(new ClosedFormOptions { Role = ClosedFormRole.BesideTowers, Share = 0.6 }, steps: 60);
        using var both = MlContext.Transforms.GentleClip(options).Fit(Train, Test);
        var best = both.History.MinBy(entry => entry.Validation!.MeanLogRank)!;
        Assert.AreEqual(Validation(both).RecallAt5, best.Validation!.RecallAt5, 0.01);
    }

    [TestMethod]
    public void ProgressReachesItsEndAndCancellingStopsARound()
    {
        var options = Options(new ClosedFormOptions { Role = ClosedFormRole.Alone });
        var reports = new List<TrainingProgress>();
        options.Progress = new DirectProgress(reports.Add, all: true);
        MlContext.Transforms.GentleClip(options).Fit(Train).Dispose();
        var last = reports.Last(report => report.Phase == TrainingPhase.FittingClosedForm);
        Assert.AreEqual(last.Total ?? 0, last.Done);
        Assert.AreEqual((0, 0), (reports[^1].Step, reports[^1].TotalSteps), "nothing is trained");

        using var source = new CancellationTokenSource();
        options.CancellationToken = source.Token;
        options.Progress = new DirectProgress(report =>
        {
            if (report.Phase == TrainingPhase.ChoosingByFolds)
                source.Cancel();
        }, all: true);
        Assert.Throws<OperationCanceledException>(() => MlContext.Transforms.GentleClip(options).Fit(Train));
    }

    [TestMethod]
    public void NativeMemoryIsFreed()
    {
        Run();
        var before = LiveTensors.Settled();
        Run();
        LiveTensors.AssertAtMost(before + 1, "one for the logit scale, which TorchSharp's counter never takes back");

        static void Run()
        {
            using var model = Fit(new ClosedFormOptions { Role = ClosedFormRole.Alone, Smoothing = true, Spectral = ClosedFormPart.On });
            Embed(model);
        }
    }

    [TestMethod]
    public void ATeacherLeavesTheLiveTensorsAlone() =>
        LiveTensors.AssertFlat(Options(new ClosedFormOptions { Role = ClosedFormRole.Teacher }, steps: 120), Train);

    [TestMethod]
    public void OnePairIsTooFew()
    {
        var data = MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(1, 20, 20));
        var thrown = Assert.ThrowsExactly<InvalidOperationException>(
            () => MlContext.Transforms.GentleClip(Options(new ClosedFormOptions { Role = ClosedFormRole.Alone })).Fit(data));
        StringAssert.Contains(thrown.Message, "hold 1; expected at least 2. "
            + "A pair is a row in which neither 'A' nor 'B' is missing: of 41 rows 'A' is there in 21, 'B' in 21, both in 1.");
    }

    [TestMethod]
    public void OptionsThatContradictEachOtherAreNamed()
    {
        AssertRefused(
            "The objective 'klot' has a weight of 1, but there is no ClosedForm",
            options => options.Objectives = options.Objectives.With(new KlotObjective()));
        AssertRefused("no objective follows it, so that it would teach nothing",
            options => options.ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.Teacher });
        AssertRefused("The closed form has 16 slots of an embedding of 16", options => options.ClosedForm = new ClosedFormOptions { Dimension = 16 });
        AssertRefused("The closed form has 15 slots of an embedding of 16; expected at most 14",
            options => options.ClosedForm = new ClosedFormOptions { Dimension = 15, Optional = true });
        AssertRefused("SelfTraining is On, but its Method is Chosen",
            options => options.ClosedForm = new ClosedFormOptions { SelfTraining = ClosedFormPart.On });
        AssertRefused("Strict, but its Method is Blend",
            options => options.ClosedForm = new ClosedFormOptions { Strict = true, Method = ClosedFormMethod.Blend });
        AssertRefused("Method is Linear, but its LinearWeight is 0",
            options => options.ClosedForm = new ClosedFormOptions { Method = ClosedFormMethod.Linear, LinearWeight = 0 });
        AssertRefused("LinearWeight and KernelWeight of the closed form are 0",
            options => options.ClosedForm = new ClosedFormOptions { LinearWeight = 0, KernelWeight = 0 });

        static void AssertRefused(string message, Action<GentleClipOptions> change)
        {
            var options = TwoViews.Options();
            change(options);
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => MlContext.Transforms.GentleClip(options)).Message, message);
        }
    }

    [TestMethod]
    public void WithoutAShareValidationChoosesTheBest()
    {
        using var chosen = MlContext.Transforms.GentleClip(Options(new ClosedFormOptions { Role = ClosedFormRole.BesideTowers }, steps: 40)).Fit(Train, Test);
        Assert.AreEqual(chosen.ClosedForm!.Share, chosen.Model.Spec.ClosedForm!.Share);
        var best = Validation(chosen).MeanLogRank!.Value;
        foreach (var share in new[] { 0, 0.25, 0.5, 0.75, 0.9, 1 })
        {
            chosen.Model.SetShare(share);
            Assert.IsLessThanOrEqualTo(Validation(chosen).MeanLogRank!.Value + 1e-3, best, $"share {share}");
        }
        using var plain = Fit(new ClosedFormOptions { Role = ClosedFormRole.BesideTowers }, steps: 2);
        Assert.AreEqual(ClosedFormOptions.DefaultShare, plain.ClosedForm!.Share);
    }

    [TestMethod]
    public void AnOptionalClosedFormIsLeftOutWhereItCannotBe()
    {
        var data = MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(1, 20, 20));
        var options = Options(new ClosedFormOptions { Role = ClosedFormRole.BesideTowers, Optional = true }, steps: 3);
        options.AllowNoPairs = true;
        using var model = MlContext.Transforms.GentleClip(options).Fit(data);
        Assert.IsNull(model.ClosedForm);
        Assert.IsNotEmpty(model.History);
    }

    [TestMethod]
    public void AnOptionalClosedFormIsLeftOutWhereThereIsNothingToAlign()
    {
        var rows = TwoViews.Mixed(10, 20, 20);
        foreach (var row in rows.Where(row => row.A is not null))
            row.A = new float[TwoViews.DimensionA];
        var data = MlContext.Data.LoadFromEnumerable(rows);
        using var model = MlContext.Transforms.GentleClip(Options(new ClosedFormOptions { Role = ClosedFormRole.BesideTowers, Optional = true }, steps: 3))
            .Fit(data);
        Assert.IsNull(model.ClosedForm);
        Assert.AreEqual(3, model.History[^1].Step);
        var wanted = Assert.Throws<InvalidOperationException>(
            () => MlContext.Transforms.GentleClip(Options(new ClosedFormOptions { Role = ClosedFormRole.BesideTowers }, steps: 3)).Fit(data));
        StringAssert.Contains(wanted.Message, "cannot use side A: all its rows are equal");
    }

    [TestMethod]
    public void LeftToTheFitVectorsNeedNoTowersUntilSomethingAsksForThem()
    {
        using (var usual = MlContext.Transforms.GentleClip(Plain()).Fit(Train))
        {
            Assert.IsEmpty(usual.History);
            Assert.AreEqual(ClosedFormRole.Alone, usual.Model.Spec.ClosedForm!.Role);
            StringAssert.Contains(usual.ClosedForm!.RoleReason, "nothing asks for towers");
            StringAssert.Contains(usual.ClosedForm.ToString(), usual.ClosedForm.RoleReason);
            using var file = new MemoryStream();
            MlContext.Model.Save(usual, Train.Schema, file);
            file.Position = 0;
            using var loaded = (GentleClipTransformer)new MLContext().Model.Load(file, out _);
            Assert.AreEqual(usual.ClosedForm.RoleReason, loaded.ClosedForm!.RoleReason);
        }
        using var asked = MlContext.Transforms.GentleClip(Plain(options => options.MaximumNumberOfSteps = 2)).Fit(Train);
        Assert.AreEqual(ClosedFormRole.BesideTowers, asked.Model.Spec.ClosedForm!.Role);
        StringAssert.Contains(asked.ClosedForm!.RoleReason, "MaximumNumberOfSteps is set");
        Assert.AreEqual(2, asked.History[^1].Step);
        using var explicitly = MlContext.Transforms.GentleClip(Plain(options => options.ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.Alone }))
            .Fit(Train);
        Assert.IsNull(explicitly.ClosedForm!.RoleReason);
    }

    [TestMethod]
    public void WhatOnlyTowersHaveAsksForThem()
    {
        Assert.IsNull(Wish());
        Assert.IsNull(Wish(options => (options.EmbeddingDimension, options.Seed, options.NumberOfThreads) = (8, 3, 1)));
        Assert.IsNull(Wish(options => options.ClosedForm = options.ClosedForm! with { Method = ClosedFormMethod.Linear }));
        Asks("MaximumNumberOfSteps is set", options => options.MaximumNumberOfSteps = GentleClipOptions.Defaults.MaximumNumberOfSteps);
        Asks("MaximumNumberOfSteps is set", options => options.MaximumNumberOfSteps = 5, copy: true);
        Asks("Optimizer.LearningRate is set", options => options.Optimizer.LearningRate = 1e-4);
        Asks("Batches.Size is set", options => options.Batches.Size = 32);
        Asks("Objectives is set", options => options.Objectives = options.Objectives.With(new CentroidObjective()));
        Asks("Objectives is set", options => options.Objectives = options.Objectives.With<SddObjective>(sdd => sdd with { Bandwidth = 1 }));
        Assert.IsNull(
            Wish(options => options.Objectives = [new ContrastiveObjective(), new SelfSupervisedObjective(), new MmdObjective(), new SddObjective()]),
            "the usual ones");
        Asks("Validation.GuardUnpairedObjectives is set", options => options.Validation.GuardUnpairedObjectives = true);
        Asks("Checkpoints.Directory is set", options => options.Checkpoints.Directory = "folder");
        Asks("encoder is set for column 'B'", options => options.ModalityB = Modality.Vector("EmbeddingB", "B", new VectorEncoderOptions()));
        Asks("column 'A' does not hold feature vectors", options => options.ModalityA = Modality.Text("EmbeddingA", "A"));
        Asks("validation pairs", options => options.Validation.Fraction = 0.2);
        Asks("share or dimension", options => options.ClosedForm = options.ClosedForm! with { Share = 0.5 });
        StringAssert.Contains(TowerWishes.Of(Plain(), validates: true, continues: false), "validation pairs");
        StringAssert.Contains(TowerWishes.Of(Plain(), validates: false, continues: true), "continue from");

        static string? Wish(Action<GentleClipOptions>? change = null) => TowerWishes.Of(Plain(change), validates: false, continues: false);

        static void Asks(string reason, Action<GentleClipOptions> change, bool copy = false) =>
            StringAssert.Contains(TowerWishes.Of(copy ? Plain(change) with { } : Plain(change), validates: false, continues: false), reason);
    }

    [TestMethod]
    public void TowersAreTrainedWhereTheClosedFormLeftToItselfFindsNothing()
    {
        var rows = TwoViews.Mixed(10, 20, 20);
        foreach (var row in rows.Where(row => row.A is not null))
            row.A = new float[TwoViews.DimensionA];
        // As the fit decides it where nothing asks for towers, with the steps of a test.
        var options = Options(new ClosedFormOptions { Role = ClosedFormRole.Alone, Optional = true }, steps: 3);
        using var equal = MlContext.Transforms.GentleClip(options).Fit(MlContext.Data.LoadFromEnumerable(rows));
        Assert.IsNull(equal.ClosedForm);
        Assert.AreEqual(3, equal.History[^1].Step);
    }

    private static GentleClipOptions Plain(Action<GentleClipOptions>? change = null)
    {
        var options = new GentleClipOptions
        {
            ModalityA = Modality.Vector("EmbeddingA", "A"),
            ModalityB = Modality.Vector("EmbeddingB", "B"),
            Seed = 1,
        };
        change?.Invoke(options);
        return options;
    }

    [TestMethod]
    public void TheTowersKeepTwoSlots()
    {
        using var two =
            MlContext.Transforms.GentleClip(Options(new ClosedFormOptions { Role = ClosedFormRole.BesideTowers, Optional = true }, dimension: 2, steps: 2))
                .Fit(Train);
        Assert.IsNull(two.ClosedForm, "nothing to spare");
        using var three =
            MlContext.Transforms.GentleClip(Options(new ClosedFormOptions { Role = ClosedFormRole.BesideTowers, Optional = true }, dimension: 3, steps: 2))
                .Fit(Train);
        Assert.IsNotNull(three.ClosedForm);
        foreach (var row in Embed(two).Concat(Embed(three)))
            Assert.AreEqual(1, row.Sum(x => (double)x * x), 1e-5);
    }

    [TestMethod]
    public void ProgressIsReportedWhileTheClosedFormIsFitted()
    {
        var options = Options(new ClosedFormOptions
        {
            Role = ClosedFormRole.BesideTowers,
            Method = ClosedFormMethod.SelfTraining,
            SelfTraining = ClosedFormPart.On,
        }, steps: 2);
        // So slow that every round is due a report.
        options.Clock = new SteppingClock(TimeSpan.FromMilliseconds(120));
        var reports = new List<TrainingProgress>();
        options.Progress = new DirectProgress(reports.Add, all: true);
        MlContext.Transforms.GentleClip(options).Fit(Train).Dispose();
        var before = reports.Where(report => report.Unit is ProgressUnit.Folds or ProgressUnit.Rounds).ToArray();
        Assert.IsGreaterThan(6, before.Select(report => (report.Phase, report.Done)).Distinct().Count());
        Assert.IsTrue(before.All(report => report.Step == 0 && report.TotalSteps == 2 && report.Elapsed > TimeSpan.Zero));
        Assert.AreEqual(2, reports[^1].Step);
    }

    [TestMethod]
    public void AnInitialModelDisposedMeanwhileLivesUntilTheTrainingHasEnded()
    {
        var initial = Fit(closedForm: null, steps: 2);
        var options = Options(closedForm: null, steps: 3);
        options.Progress = new DirectProgress(_ => initial.Dispose());
        using var model = MlContext.Transforms.GentleClip(options).Fit(Train, initial: initial);
        Assert.AreEqual(3, model.History[^1].Step);
        Assert.ThrowsExactly<ObjectDisposedException>(() => Embed(initial));
    }

    [TestMethod]
    [DataRow(30.0, false)] // a weight that drowns the pairs
    [DataRow(0.0, true)]
    public void TheGuardKeepsTheBetterTraining(double mmdWeight, bool kept)
    {
        var options = Options(closedForm: null, steps: 60);
        options.Validation.GuardUnpairedObjectives = true;
        options.Objectives =
        [
            new ContrastiveObjective(), new SelfSupervisedObjective { Weight = kept ? 0.1 : 0 }, new MmdObjective { Weight = mmdWeight },
            new CentroidObjective { Weight = kept ? 0 : 100 },
        ];
        var reports = new List<TrainingProgress>();
        options.Progress = new DirectProgress(reports.Add);
        using var model = MlContext.Transforms.GentleClip(options).Fit(Train, Test);
        var report = model.UnpairedObjectives!;
        Assert.AreEqual(report.With.MeanLogRank <= report.Without.MeanLogRank, report.Kept);
        Assert.AreEqual(!report.Kept, model.History[^1].Losses.Count == 2, "contrastive and total alone where they were turned off");
        Assert.IsTrue(model.History.All(epoch => epoch.UnpairedObjectivesTurnedOff == !report.Kept));
        if (!kept)
            Assert.IsFalse(report.Kept);
        Assert.AreEqual(120, reports[^1].TotalSteps);
        Assert.AreEqual(120, reports[^1].Step);
        Assert.AreEqual((report.Kept ? report.With : report.Without).RecallAt5, Validation(model).RecallAt5, 0.01);

        using var file = new MemoryStream();
        MlContext.Model.Save(model, Train.Schema, file);
        file.Position = 0;
        using var loaded = (GentleClipTransformer)new MLContext().Model.Load(file, out _);
        Assert.AreEqual(report, loaded.UnpairedObjectives);
        Assert.IsTrue(loaded.History.All(epoch => epoch.UnpairedObjectivesTurnedOff == !report.Kept));
    }
}
