using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.GentleClip.Tests.FineTuning;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.Runtime;
using static Microsoft.ML.GentleClip.TrainingPhase;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>What <c>Fit</c> says about itself while it runs: phases, numbers, log; and that it can be stopped in each of them.</summary>
[TestClass]
public sealed class PhaseTests
{
    private static readonly TrainingPhase[] Passing = [Validating, SavingCheckpoint];
    private static readonly TrainingPhase[] Loops = [Training, TrainingOnPairsOnly];
    private readonly MLContext _mlContext = new(seed: 1);

    public static IEnumerable<object[]> Presets => Enum.GetValues<GentleClipPreset>().Select(preset => new object[] { preset });

    public static IEnumerable<object[]> Phases =>
        Enum.GetValues<TrainingPhase>().Except([Finished, Stopped]).Select(phase => new object[] { phase });

    [TestMethod]
    [DynamicData(nameof(Presets))]
    public void EveryPresetHasItsPhases(GentleClipPreset preset)
    {
        var reports = Run(Of(preset));
        var phases = Sequence(reports);
        var closedForm = new[] { PreparingRows, ChoosingByFolds, FittingClosedForm };
        var expected = new List<TrainingPhase> { Starting, ReadingRows };
        if (Of(preset).ClosedForm is not null)
            expected.AddRange(closedForm.Where(phases.Contains)); // a closed form without self-training has nothing to choose
        if (Of(preset).ClosedForm is not { Role: ClosedFormRole.Alone })
            expected.AddRange([MakingTowers, Training]);
        expected.Add(Finished);
        CollectionAssert.AreEqual(expected, phases, string.Join(", ", phases));
        if (Of(preset).ClosedForm is not null)
            CollectionAssert.Contains(phases, FittingClosedForm);
        CheckNumbers(reports);
    }

    [TestMethod]
    [DataRow(ClosedFormRole.Alone)]
    [DataRow(ClosedFormRole.BesideTowers)]
    [DataRow(ClosedFormRole.Teacher)]
    public void EveryRoleOfAClosedFormHasItsPhases(ClosedFormRole role)
    {
        var options = Small(new GentleClipOptions { ClosedForm = new ClosedFormOptions { Role = role } });
        if (role == ClosedFormRole.Teacher)
            options.Objectives = options.Objectives.With(new KlotObjective());
        options.Validation.Fraction = 0.3;
        var reports = Run(options);
        var phases = Sequence(reports);
        CollectionAssert.AreEqual(
            role == ClosedFormRole.Alone
                ? new[] { Starting, ReadingRows, PreparingRows, ChoosingByFolds, FittingClosedForm, Finished }
                : [Starting, ReadingRows, PreparingRows, ChoosingByFolds, FittingClosedForm, MakingTowers, Training, Finished],
            phases, string.Join(", ", phases));
        Assert.IsTrue(reports.Exists(report => report is { Phase: Validating, Done: > 0 }));
        CheckNumbers(reports);
    }

    [TestMethod]
    public void GuardCheckpointsAndValidationSetHaveTheirs()
    {
        using var folder = new TemporaryFolder();
        var reports = Run(Everything(folder), validate: true);
        var first = new[] { Starting, ReadingRows, ReadingValidationRows, HashingRows, PreparingRows, ChoosingByFolds, FittingClosedForm };
        CollectionAssert.AreEqual(
            (TrainingPhase[])[.. first, MakingTowers, Training, MakingTowers, TrainingOnPairsOnly, Finished], Sequence(reports));
        Assert.IsTrue(Passing.All(phase => reports.Exists(report => report.Phase == phase)));
        CheckNumbers(reports);
        // All of it again: both trainings are finished, and their checkpoints are read.
        var again = Run(Everything(folder), validate: true);
        CollectionAssert.AreEqual(
            (TrainingPhase[])[.. first, MakingTowers, RestoringCheckpoint, MakingTowers, RestoringCheckpoint, Finished], Sequence(again));
        CheckNumbers(again);
    }

    [TestMethod]
    public void AFrozenEncodersRowsAreCounted()
    {
        var options = Proteins.Options(steps: 2, sequence: Proteins.SmallSequence with { TrainableLayers = 0 });
        var reports = Run(options, _mlContext.Data.LoadFromEnumerable(Proteins.Mixed(10, 6, 5)));
        CollectionAssert.AreEqual(
            new[] { Starting, ReadingRows, MakingTowers, EncodingRows, Training, MeasuringStatistics, Finished }, Sequence(reports));
        var last = reports.Last(report => report.Phase == EncodingRows);
        Assert.AreEqual(("Sequence", 16L, 16L), (last.ColumnName, last.Done, last.Total!.Value));
        CheckNumbers(reports);
    }

    [TestMethod]
    public void RowsAreCountedWhoeverKnowsHowManyThereAre()
    {
        var known = Run(Of(GentleClipPreset.Clip));
        Assert.IsTrue(known.Where(report => report.Phase == ReadingRows).All(report => report.Total == 94));
        var stream = Run(Of(GentleClipPreset.Clip), _mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(24, 40, 30).Select(row => row)));
        var last = stream.Last(report => report.Phase == ReadingRows);
        Assert.AreEqual((94L, null, TimeSpan.Zero), (last.Done, last.Total, last.Remaining!.Value));
        Assert.IsTrue(stream.Where(report => report.Phase == ReadingRows).SkipLast(1).All(report => report.Remaining is null));
    }

    [TestMethod]
    [DynamicData(nameof(Phases))]
    public void EveryPhaseCanBeCancelled(TrainingPhase phase)
    {
        using var folder = new TemporaryFolder();
        using var source = new CancellationTokenSource();
        var after = new List<TrainingPhase>();
        Assert.ThrowsExactly<OperationCanceledException>(() => Reach(phase, folder, report =>
        {
            if (source.IsCancellationRequested)
                after.Add(report.Phase);
            else if (report.Phase == phase)
                source.Cancel();
        }, source.Token));
        Assert.IsTrue(source.IsCancellationRequested, "the phase was not reached");
        Assert.AreEqual(Stopped, after[^1]);
        // The loop around a validation, and the checkpoint of a cancelled training, may follow.
        var allowed = Loops.Concat(Passing).Contains(phase) ? Loops.Concat(Passing).Append(Stopped) : [phase, Stopped];
        Assert.IsEmpty(after.Except(allowed), string.Join(", ", after));
        Assert.IsLessThan(10, after.Count, string.Join(", ", after));
    }

    [TestMethod]
    [DynamicData(nameof(Phases))]
    public void WhatTheHandlerThrowsEndsFitAsItIs(TrainingPhase phase)
    {
        using var folder = new TemporaryFolder();
        var problem = new InvalidDataException("from the handler");
        var reached = false;
        var thrown = Assert.ThrowsExactly<InvalidDataException>(() => Reach(phase, folder, report =>
        {
            Assert.IsFalse(reached, "called again after it threw");
            reached = report.Phase == phase;
            if (reached)
                throw problem;
        }));
        Assert.AreSame(problem, thrown);
    }

    [TestMethod]
    public void AFailureIsReportedAndTheFirstProblemCounts()
    {
        var options = Of(GentleClipPreset.Clip);
        var phases = new List<TrainingPhase>();
        options.Progress = new DirectProgress(report =>
        {
            phases.Add(report.Phase);
            if (report.Phase == Stopped)
                throw new InvalidDataException("from the handler");
        }, all: true);
        var nothing = _mlContext.Data.LoadFromEnumerable(new List<TwoViews.Row>());
        Assert.ThrowsExactly<InvalidOperationException>(() => _mlContext.Transforms.GentleClip(options).Fit(nothing));
        Assert.AreEqual(Stopped, phases[^1]);
        options.Progress = new DirectProgress(report =>
        {
            if (report.Phase == Finished)
                throw new InvalidDataException("at the end");
        }, all: true);
        Assert.ThrowsExactly<InvalidDataException>(() => Fit(options, null, false).Dispose());
    }

    [TestMethod]
    public void TheLogOfATrainingReadsWell()
    {
        var log = new ContextLog(_mlContext);
        var options = Of(GentleClipPreset.Recommended);
        options.Clock = new SteppingClock(TimeSpan.FromMilliseconds(130));
        Fit(options, null, validate: true).Dispose();
        string[] lines = [.. log.Texts(ChannelMessageKind.Info).Select(line => line.ReplaceLineEndings(" "))];
        Console.WriteLine(string.Join('\n', lines));
        foreach (var (name, unit) in new[]
        {
            ("Starting", ""), ("Reading rows", "94 rows"), ("Reading validation rows", "30 rows"), ("Closed form, preparing rows", "118 rows"),
            ("Closed form, choosing by folds", "folds"), ("Making the towers", ""), ("Training", "40 steps"),
        })
        {
            var begin = Array.FindIndex(lines, line => line.StartsWith(name, StringComparison.Ordinal));
            var end = Array.FindIndex(lines, line => line.StartsWith($"{name}: done", StringComparison.Ordinal));
            Assert.IsTrue(begin >= 0 && end > begin, name);
            StringAssert.Contains(lines[begin], unit);
            StringAssert.Contains(lines[end], unit);
        }
        // The clock makes a training of 40 steps one of some ten seconds: lines between its beginning and its end.
        Assert.IsTrue(Array.Exists(lines, line => Regex.IsMatch(line, @"^Training: \d+ of 40 steps \(\d+ %\), loss .* left\.$")));
        StringAssert.StartsWith(lines[^1], "Finished after ");
        Assert.IsFalse(Array.Exists(lines, line => line.Contains("NaN", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void TheClosedFormSaysBeforehandWhatItLeavesOut()
    {
        var log = new ContextLog(_mlContext);
        var options = Of(GentleClipPreset.ClosedForm);
        options.ClosedForm = options.ClosedForm! with { MaximumUnpairedRows = 25, MaximumAnchors = 20 };
        Fit(options, null, false).Dispose();
        var lines = log.Texts(ChannelMessageKind.Info);
        const string left = "The closed form matches 25 of the 40 unpaired samples of column 'A' (side A), "
            + "drawn at random (ClosedFormOptions.MaximumUnpairedRows).";
        var said = lines.IndexOf(left);
        Assert.IsInRange(0, lines.FindIndex(line => line.StartsWith("Closed form, preparing rows", StringComparison.Ordinal)), said);
        Assert.IsTrue(lines.Exists(line => line.Contains("25 of the 30 unpaired samples of column 'B' (side B)", StringComparison.Ordinal)));
        Assert.IsTrue(lines.Exists(line => line.Contains("20 of the 24 pairs as anchors", StringComparison.Ordinal)));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ReportsReadWellInAnyCulture(bool commas)
    {
        CultureInfo.CurrentCulture = commas ? Commas() : CultureInfo.InvariantCulture;
        var options = Small(new GentleClipOptions
        {
            ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.BesideTowers },
            Validation = new() { GuardUnpairedObjectives = true },
        });
        using var model = Fit(options, null, validate: true);
        var closedForm = model.ClosedForm!.ToString();
        StringAssert.StartsWith(closedForm, "Closed form");
        StringAssert.Contains(closedForm, "40 samples of A, 30 of B");
        StringAssert.Matches(model.History[0].ToString(), new(@"^Epoch 0, step 20: loss \d+\.\d{3} \(contrastive \d+\.\d{3}.*\), "
            + @"temperature 0\.\d{4}, learning rate \S+; validation: recall@1 \d+\.\d %, @5 "));
        string[] table = model.History.ToString()!.ReplaceLineEndings("\n").Split('\n');
        Assert.HasCount(3, table);
        StringAssert.Contains(table[0], "recall@10");
        StringAssert.Matches(table[2], new(@"^ +1 +40 +\d+\.\d{4} +0\.\d{4} +\d+\.\d % +\d+\.\d % +\d+\.\d % +\d\.\d{3}$"));
        StringAssert.Matches(model.UnpairedObjectives!.ToString(), new(@"^Losses on unpaired samples (kept|turned off)\s+with them: +recall@1 \d+\.\d %"));
        foreach (var text in new[] { closedForm, model.History[0].ToString(), model.History.ToString()!, model.UnpairedObjectives.ToString() })
        {
            Assert.DoesNotContain("System.", text);
            Assert.DoesNotContain("NaN", text);
        }
        var epochs = Enumerable.Range(0, 60).Select(i => new TrainingEpoch(i, 20 * i, new Dictionary<string, double>(), 0.07, 1e-3, null)).ToArray();
        string[] many = new GentleClip.Models.TrainingHistory(epochs).ToString().ReplaceLineEndings("\n").Split('\n');
        Assert.HasCount(22, many);
        Assert.AreEqual("   ... 40 more", many[6]);
        Assert.AreEqual("No epochs: nothing was trained.", new GentleClip.Models.TrainingHistory([]).ToString());
    }

    [TestMethod]
    public void ThePageOnTrainingShowsTheLogAsItIs()
    {
        var page = File.ReadAllText(Path.Combine(Root(), "docs", "training.md"));
        var shown = Lines(page.Split("<!-- log -->")[1].Split("```text")[1].Split("```")[0].Trim().Split('\n'));
        var log = new ContextLog(_mlContext);
        Fit(Of(GentleClipPreset.Recommended), null, false).Dispose();
        CollectionAssert.AreEqual(Lines(log.Texts(ChannelMessageKind.Info)), shown, string.Join('\n', log.Texts(ChannelMessageKind.Info)));

        // Without figures, without the lines of long phases, and without what the closed form found.
        static string[] Lines(IEnumerable<string> lines) => [.. lines
            .Where(line => !line.Contains("%)", StringComparison.Ordinal) && !line.StartsWith("Closed form: ", StringComparison.Ordinal) && line != "...")
            .Select(line => Regex.Replace(Regex.Replace(line.Trim(), @"\d+([,.:]\d+)*", "#"), ": # rounds|, # rounds", ""))];

        static string Root()
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "CHANGELOG.md")))
                folder = folder.Parent!;
            return folder.FullName;
        }
    }

    /// <summary>A culture that writes 1.234,5 (the tests run without the data of real ones).</summary>
    internal static CultureInfo Commas()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NumberGroupSeparator) = (",", ".");
        (culture.NumberFormat.PercentDecimalSeparator, culture.DateTimeFormat.TimeSeparator) = (",", "h");
        return culture;
    }

    // Phases in order, without what comes between steps; once for each time that one begins.
    private static List<TrainingPhase> Sequence(List<TrainingProgress> reports)
    {
        var phases = new List<TrainingPhase>();
        foreach (var report in reports)
            if (!Passing.Contains(report.Phase) && (phases.Count == 0 || phases[^1] != report.Phase))
                phases.Add(report.Phase);
        return phases;
    }

    private static void CheckNumbers(List<TrainingProgress> reports)
    {
        Assert.AreEqual(0, reports[0].Step);
        for (var i = 0; i < reports.Count; i++)
        {
            var report = reports[i];
            var text = $"{i}: {report}";
            Assert.IsTrue(report.Done >= 0 && (report.Total is null || report.Done <= report.Total), text);
            Assert.IsTrue(report.Loss is null || (Loops.Contains(report.Phase) && double.IsFinite(report.Loss.Value)), text);
            Assert.IsTrue(report.Remaining is null || report.Remaining >= TimeSpan.Zero, text);
            // The clock gives each reading 130 ms, and there are some hundred to come at most.
            Assert.IsTrue(report.Remaining is null || report.Remaining < TimeSpan.FromMinutes(2), text);
            Assert.IsTrue(report.RemainingInFit is null || (report.RemainingInFit >= TimeSpan.Zero && report.RemainingInFit < TimeSpan.FromMinutes(3)), text);
            Assert.IsTrue(report.Unit != ProgressUnit.None || (report.Done == 0 && report.Total is null), text);
            Assert.DoesNotContain("NaN", text);
            Assert.DoesNotContain('\n', text);
            if (i == 0)
                continue;
            var before = reports[i - 1];
            Assert.IsGreaterThanOrEqualTo(before.Elapsed, report.Elapsed);
            Assert.IsGreaterThanOrEqualTo(before.Step, report.Step);
            if (before.Phase == report.Phase && before.ColumnName == report.ColumnName && !Passing.Contains(report.Phase))
                Assert.IsGreaterThanOrEqualTo(before.Done, report.Done);
        }
        foreach (var phase in reports.Select(report => report.Phase).Distinct().Except(Passing))
            if (reports.Last(report => report.Phase == phase) is { Total: { } total } last)
                Assert.AreEqual(total, last.Done, $"{phase} ends with all done");
    }

    private List<TrainingProgress> Run(GentleClipOptions options, IDataView? data = null, bool validate = false)
    {
        var reports = new List<TrainingProgress>();
        options.Progress = new DirectProgress(reports.Add, all: true);
        options.Clock = new SteppingClock(TimeSpan.FromMilliseconds(130));
        Fit(options, data, validate).Dispose();
        return reports;
    }

    private void Reach(TrainingPhase phase, TemporaryFolder folder, Action<TrainingProgress> report, CancellationToken token = default)
    {
        if (phase == SolvingHead)
        {
            ReachHead(report, token);
            return;
        }
        var proteins = phase is EncodingRows or MeasuringStatistics;
        var options = proteins ? Proteins.Options(steps: 50, sequence: Proteins.SmallSequence with { TrainableLayers = 0 }) : Everything(folder);
        if (phase == RestoringCheckpoint)
            Fit(options, null, validate: true).Dispose();
        options.CancellationToken = token;
        options.Clock = new SteppingClock(TimeSpan.FromMilliseconds(130));
        options.Progress = new DirectProgress(report, all: true);
        Fit(options, proteins ? _mlContext.Data.LoadFromEnumerable(Proteins.Mixed(10, 6, 5)) : null, validate: !proteins).Dispose();
    }

    // A fine-tuning's.
    private void ReachHead(Action<TrainingProgress> report, CancellationToken token)
    {
        using var aligned = LabelledViews.Aligned();
        var rows = LabelledViews.Rows(60);
        var data = LabelledViews.Keys(_mlContext, rows).Transform(_mlContext.Data.LoadFromEnumerable(rows));
        var options = LabelledViews.Options(5, "Label") with
        {
            HeadInitialization = HeadInitialization.LinearProbe,
            CancellationToken = token,
            Progress = new DirectProgress(report, all: true),
        };
        options.Clock = new SteppingClock(TimeSpan.FromMilliseconds(130));
        _mlContext.MulticlassClassification.Trainers.GentleClipFineTuning(aligned, options).Fit(data).Dispose();
    }

    private GentleClipTransformer Fit(GentleClipOptions options, IDataView? data, bool validate)
    {
        var validation = validate ? _mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(30, seed: 5)) : null;
        return _mlContext.Transforms.GentleClip(options).Fit(data ?? _mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(24, 40, 30)), validation);
    }

    private static GentleClipOptions Everything(TemporaryFolder folder)
    {
        var options = Small(new GentleClipOptions
        {
            ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.BesideTowers },
            Validation = new() { GuardUnpairedObjectives = true },
        });
        (options.Checkpoints.Directory, options.Checkpoints.Steps) = (folder.File("checkpoints"), 10);
        return options;
    }

    private static GentleClipOptions Of(GentleClipPreset preset) => Small(GentleClipOptions.FromPreset(preset));

    private static GentleClipOptions Small(GentleClipOptions options)
    {
        var small = TwoViews.Options(steps: 40);
        (options.ModalityA, options.ModalityB) = (small.ModalityA, small.ModalityB);
        (options.EmbeddingDimension, options.Batches.Size) = (small.EmbeddingDimension, small.Batches.Size);
        (options.MaximumNumberOfSteps, options.Optimizer.LearningRate, options.NumberOfThreads, options.Seed) = (40, small.Optimizer.LearningRate, 1, 3);
        return options;
    }
}
