using Microsoft.ML.GentleClip.Trainers;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>The plan of a training: each of its decisions, its words, and that <c>Fit</c> does what it says.</summary>
[TestClass]
public sealed class PlanTests
{
    private static readonly TrainingFacts Facts = new() { Rows = 194, Pairs = 24, UnpairedA = 90, UnpairedB = 80, Pairing = "What makes a pair." };
    private static readonly ClosedFormOptions BesideTowers = new() { Role = ClosedFormRole.BesideTowers };

    private readonly MLContext _mlContext = new(seed: 1);

    private IDataView Train => _mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(pairs: 24, unpairedA: 90, unpairedB: 80));

    private IDataView Validation => _mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(30, seed: 5));

    private static GentleClipOptions Options(ClosedFormOptions? closedForm, Action<GentleClipOptions>? change = null)
    {
        var options = TwoViews.Options(steps: 5);
        options.ClosedForm = closedForm;
        if (closedForm?.Role == ClosedFormRole.Teacher)
            options.Objectives = options.Objectives.With(new KlotObjective());
        change?.Invoke(options);
        return options;
    }

    // Nothing in them asks for towers.
    private static GentleClipOptions Plain(Action<GentleClipOptions>? change = null)
    {
        var options = new GentleClipOptions { ModalityA = Modality.Vector("EmbeddingA", "A"), ModalityB = Modality.Vector("EmbeddingB", "B") };
        change?.Invoke(options);
        return options;
    }

    [TestMethod]
    public void TheClosedFormHasTheRoleThatWasAskedForOrThatTheRestLeaves()
    {
        foreach (var role in new[] { ClosedFormRole.Alone, ClosedFormRole.BesideTowers, ClosedFormRole.Teacher })
        {
            var asked = TrainingPlan.Resolve(Options(new ClosedFormOptions { Role = role }), Facts);
            Assert.AreEqual((role, "ClosedFormOptions.Role says so"), (asked.ClosedForm, asked.ClosedFormReason));
            Assert.IsNull(asked.RoleReason);
            Assert.AreEqual(role != ClosedFormRole.Alone, asked.TrainsTowers);
            Assert.AreEqual(role switch { ClosedFormRole.Alone => 16, ClosedFormRole.BesideTowers => 8, _ => 0 }, asked.ClosedFormSlots);
        }
        var alone = TrainingPlan.Resolve(Plain(), Facts);
        Assert.AreEqual(ClosedFormRole.Alone, alone.ClosedForm);
        StringAssert.EndsWith(alone.ClosedFormReason, "nothing asks for towers");
        foreach (var (options, facts, reason) in new (GentleClipOptions, TrainingFacts, string)[]
        {
            (Plain(options => options.MaximumNumberOfSteps = 1000), Facts, "MaximumNumberOfSteps is set"),
            (Plain(options => options.Batches.Size = 64), Facts, "Batches.Size is set"),
            (Plain(options => options.Validation.Fraction = 0.2), Facts, "validation pairs can tell what they add"),
            (Plain(), Facts with { ValidationPairs = 30 }, "validation pairs can tell what they add"),
            (Plain(), Facts with { Continues = true }, "there is a model to continue from"),
        })
        {
            var beside = TrainingPlan.Resolve(options, facts);
            Assert.AreEqual((ClosedFormRole.BesideTowers, 64), (beside.ClosedForm, beside.ClosedFormSlots));
            StringAssert.EndsWith(beside.ClosedFormReason, reason);
            Assert.AreEqual(beside.RoleReason, beside.ClosedFormReason);
        }
    }

    [TestMethod]
    public void WhereThereIsNoClosedFormThePlanSaysWhy()
    {
        var optional = BesideTowers with { Optional = true };
        Says("none is asked for", Options(null), Facts);
        Says("an embedding of 2 slots has none to spare", Options(optional, options => options.EmbeddingDimension = 2), Facts);
        Says("there are 1 matched pairs", Options(optional, options => options.AllowNoPairs = true), Facts with { Pairs = 1 });
        Says(
            "column 'A' does not hold feature vectors, and its encoder is not frozen",
            Options(optional, options => options.ModalityA = Modality.Text("EmbeddingA", "A")), Facts);
        Says("there are 0 matched pairs", Plain(options => options.AllowNoPairs = true), Facts with { Pairs = 0 });

        static void Says(string reason, GentleClipOptions options, TrainingFacts facts)
        {
            var plan = TrainingPlan.Resolve(options, facts);
            Assert.IsNull(plan.ClosedForm);
            Assert.AreEqual(reason, plan.ClosedFormReason);
            Assert.AreEqual((true, 0), (plan.TrainsTowers, plan.ClosedFormSlots));
            Assert.AreEqual(facts.Pairs < 2, plan.Warning is not null);
            StringAssert.Contains(plan.ToString(), $"closed form       none: {reason}");
        }
    }

    [TestMethod]
    public void WhatFollowsAClosedFormGoesWithIt()
    {
        var optional = new ClosedFormOptions { Role = ClosedFormRole.Teacher, Optional = true };
        var options = Options(optional, options => options.EmbeddingDimension = 16);
        Assert.IsTrue(TrainingPlan.Resolve(options, Facts).Objectives.Needs.ClosedForm);
        options.ModalityA = Modality.Text("EmbeddingA", "A");
        Assert.IsFalse(TrainingPlan.Resolve(options, Facts).Objectives.Needs.ClosedForm);
        options.ModalityA = Modality.Vector("EmbeddingA", "A");
        var late = TrainingPlan.Resolve(options, Facts).WithoutClosedForm("All rows are equal.");
        Assert.IsNull(late.ClosedForm);
        Assert.AreEqual(("All rows are equal.", false), (late.ClosedFormReason, late.Objectives.Needs.ClosedForm));
        Assert.AreEqual(5, options.Objectives.Count, "the user's options are as they were");
    }

    [TestMethod]
    public void RowsThatCannotBeTrainedOnAreRefused()
    {
        Refuses("The training data have no rows.", Options(null), Facts with { Rows = 0, Pairs = 0, UnpairedA = 0, UnpairedB = 0 });
        Refuses("Column 'B' holds 1 samples in 194 rows; expected at least 2.", Options(null), Facts with { Pairs = 1, UnpairedB = 0 });
        Refuses(
            "The closed form is fitted on matched pairs, and the training data hold 1; expected at least 2. What makes a pair.",
            Options(BesideTowers), Facts with { Pairs = 1 });
        Refuses("as nothing else says which sample of A belongs to which of B. What makes a pair.", Options(null), Facts with { Pairs = 1 });
        Refuses(
            "The validation data hold 1 matched pairs; expected at least 2. Theirs.",
            Options(null), Facts with { ValidationPairs = 1, ValidationPairing = "Theirs." });
        Refuses(
            "Validation.Fraction 0.95 holds out 22 of 23 matched pairs; expected at least 2 to be left to train on.",
            Options(null, options => options.Validation.Fraction = 0.95), Facts with { Pairs = 23 });

        static void Refuses(string message, GentleClipOptions options, TrainingFacts facts) =>
            StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => TrainingPlan.Resolve(options, facts)).Message, message);
    }

    [TestMethod]
    public void TheWordsAreThoseOfThePlan()
    {
        var facts = Facts with { Rows = 1_200, EmptyRows = 6 };
        var options = Options(BesideTowers with { MaximumUnpairedRows = 85, MaximumAnchors = 10 }, options =>
        {
            options.Validation = new() { Fraction = 0.25, GuardUnpairedObjectives = true };
            (options.Batches.Size, options.MaximumNumberOfSteps) = (32, 1000);
        });
        Assert.AreEqual(
            """
            Training plan
              rows              1,200: 18 pairs to train on, 90 unpaired samples of A and 80 of B
              validation        6 pairs, held out
              closed form       beside the towers, in 8 of 16 slots: ClosedFormOptions.Role says so
              towers            trained on contrastive, selfSupervised, mmd, sdd
              batches           16 pairs, 16 unpaired samples of A and 16 of B
              steps             at most 1,000, 20 per epoch; each pair is shown 888.9 times
              trainings         2: with the losses on unpaired samples and without them
              left out          6 rows have neither side.
              left out          The closed form matches 85 of the 90 unpaired samples of column 'A' (side A), drawn at random (ClosedFormOptions.MaximumUnpairedRows).
              left out          The closed form's kernel has 10 of the 18 pairs as anchors, drawn at random (ClosedFormOptions.MaximumAnchors).
            """.ReplaceLineEndings(), TrainingPlan.Resolve(options, facts).ToString().ReplaceLineEndings());
        Assert.AreEqual(
            """
            Training plan
              rows              194: 24 pairs to train on, 90 unpaired samples of A and 80 of B
              validation        none
              closed form       alone: ClosedFormOptions.Role says so
              towers            none
            """.ReplaceLineEndings(),
            TrainingPlan.Resolve(Options(new ClosedFormOptions { Role = ClosedFormRole.Alone }), Facts).ToString().ReplaceLineEndings());
        var clip = TrainingPlan.Resolve(Options(null, options => options.Objectives = [new ContrastiveObjective()]), Facts);
        Assert.AreEqual("No objective of the towers looks at the unpaired samples, 90 of A and 80 of B.", clip.LeftOut.Single());
        Assert.AreEqual(0, clip.Batches!.UnpairedA);
    }

    public static IEnumerable<object[]> Trainings =>
    [
        ["towers only", Options(null), false],
        ["closed form alone", Options(new ClosedFormOptions { Role = ClosedFormRole.Alone }), false],
        ["chosen: alone", Plain(options => options.EmbeddingDimension = 16), false],
        ["chosen: beside towers", Plain(options => (options.MaximumNumberOfSteps, options.Batches.Size) = (5, 32)), false],
        ["beside towers, held out", Options(BesideTowers, options => options.Validation.Fraction = 0.25), false],
        [
            "teacher, guarded",
            Options(new ClosedFormOptions { Role = ClosedFormRole.Teacher }, options => options.Validation.GuardUnpairedObjectives = true), true,
        ],
        [
            "on pairs only, guarded in vain",
            Options(null, options => (options.Validation.GuardUnpairedObjectives, options.Objectives) = (true, [new ContrastiveObjective()])), true,
        ],
        ["proportional", Options(null, options => options.Batches.PairsPerBatchRule = PairsPerBatchRule.Proportional), false],
    ];

    [TestMethod]
    [DynamicData(nameof(Trainings))]
    public void FitDoesWhatThePlanSays(string name, GentleClipOptions options, bool validates)
    {
        var lines = new List<string>();
        _mlContext.Log += (_, entry) => lines.Add(entry.Message);
        var estimator = _mlContext.Transforms.GentleClip(options with { Seed = 3, NumberOfThreads = 1 });
        var plan = estimator.Plan(Train, validates ? Validation : null);
        Assert.IsEmpty(lines.Where(line => line.Contains("steps per epoch", StringComparison.Ordinal)), "a plan trains nothing");
        using var model = estimator.Fit(Train, validates ? Validation : null);

        Assert.AreEqual(plan.ClosedForm is not null, model.ClosedForm is not null, name);
        Assert.AreEqual(plan.RoleReason, model.ClosedForm?.RoleReason);
        Assert.AreEqual(plan.ClosedFormSlots, model.Model.Spec.ClosedForm?.Dimension ?? 0);
        Assert.AreEqual(plan.ClosedFormSlots == 0 ? null : plan.ClosedForm, model.Model.Spec.ClosedForm?.Role);
        Assert.AreEqual(plan.Trainings == 2, model.UnpairedObjectives is not null);
        Assert.AreEqual(plan.Trainings, lines.Count(line => line.Contains("steps per epoch", StringComparison.Ordinal)));
        if (plan.Batches is { } batches)
        {
            Assert.AreEqual(plan.Steps, model.History[^1].Step);
            var said = $"Batches of {batches.Pairs} pairs, {batches.UnpairedA} unpaired samples of A and {batches.UnpairedB} of B; "
                + $"{batches.StepsPerEpoch} steps per epoch, at most {plan.Steps} steps";
            Assert.IsTrue(lines.Exists(line => line.Contains(said, StringComparison.Ordinal)), said);
        }
        var validated = $"Validation on {plan.ValidationPairs} pairs";
        Assert.AreEqual(plan.ValidationPairs > 0, lines.Exists(line => line.Contains(validated, StringComparison.Ordinal)));
        Assert.AreEqual((194L, validates ? 30 : options.Validation.Fraction > 0 ? 6 : 0), (plan.Rows, plan.ValidationPairs));
    }

    [TestMethod]
    public void AFitThatFindsNothingToAlignGoesOnWithoutTheClosedForm()
    {
        var rows = TwoViews.Mixed(10, 20, 20);
        foreach (var row in rows.Where(row => row.A is not null))
            row.A = new float[TwoViews.DimensionA];
        var estimator = _mlContext.Transforms.GentleClip(Options(new ClosedFormOptions { Role = ClosedFormRole.Alone, Optional = true }));
        var data = _mlContext.Data.LoadFromEnumerable(rows);
        Assert.AreEqual((ClosedFormRole.Alone, 0), (estimator.Plan(data).ClosedForm, estimator.Plan(data).Steps));
        using var model = estimator.Fit(data);
        Assert.IsNull(model.ClosedForm);
        Assert.AreEqual(5, model.History[^1].Step);
    }
}
