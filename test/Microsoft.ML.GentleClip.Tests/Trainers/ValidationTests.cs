using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Trainers;

/// <summary>What validation pairs are ranked among, and what their figures decide.</summary>
[TestClass]
public sealed class ValidationTests
{
    private readonly MLContext _mlContext = new(seed: 1);
    private readonly List<TwoViews.Row> _train = TwoViews.Mixed(30, 50, 40);

    [TestMethod]
    public void PartnersAreRankedAmongAllSamplesOfTheOtherSide()
    {
        // Two pairs, five samples of A and three of B of the validation's own, and all of the training's.
        var validation = TwoViews.Mixed(2, 5, 3, seed: 50);
        var options = TwoViews.Options(steps: 20);
        using var model = Fit(options, validation);
        var (expected, found) = (ValidationReference.Evaluate(model, validation, _train), model.History[^1].Validation!);
        Assert.IsLessThan(1, expected.RecallAt1, "the test needs distractors that are nearer than a partner");
        AssertEqual(expected, found);
    }

    [TestMethod]
    public void ACloserDistractorLowersTheRank()
    {
        // The closed form does not see the validation, and an unpaired sample more or less moves it little: what changes is who stands in between.
        var validation = TwoViews.Pairs(20, seed: 51);
        var options = TwoViews.Options();
        options.ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.Alone, Method = ClosedFormMethod.LinearAndKernel };
        using var without = Fit(options, validation);
        foreach (var row in validation)
            _train.Add(new TwoViews.Row { B = [.. row.B!.Select(value => value * 1.001f)] });
        using var with = Fit(options, validation);
        Assert.IsLessThan(without.History[0].Validation!.RecallAt1 - 0.1, with.History[0].Validation!.RecallAt1);
        AssertEqual(ValidationReference.Evaluate(with, validation, _train), with.History[0].Validation!);
    }

    [TestMethod]
    public void OfEpochsThatValidateAlikeTheLastIsKept()
    {
        // So slow that weights move and ranks do not.
        var options = TwoViews.Options(steps: 60);
        (options.Optimizer.LearningRate, options.Validation.EarlyStoppingPatience) = (1e-6, 1);
        var validation = TwoViews.Pairs(3, seed: 5);
        using var model = Fit(options, validation);
        Assert.HasCount(3, model.History, "an epoch as good as the best is no reason to stop");
        Assert.HasCount(1, model.History.Select(epoch => epoch.Validation).Distinct().ToArray(), "the test needs epochs that validate alike");
        using var toTheEnd = Fit(options);
        Assert.IsTrue(Bits(toTheEnd).SequenceEqual(Bits(model)), "the last epoch's weights");
        options.MaximumNumberOfSteps = 20;
        using var first = Fit(options);
        Assert.IsFalse(Bits(first).SequenceEqual(Bits(model)), "the test needs weights that move");
    }

    [TestMethod]
    public void FewHeldOutPairsDoNotUndoATraining()
    {
        // Six pairs out of 60 are found at once among six, after the first epoch as after the last; among all samples they are not.
        var random = new Random(1);
        List<Thing> things = [.. Enumerable.Range(0, 700).Select(_ => Thing.Measure(random))];
        var rows = things[..500].Select((thing, i) => new Thing { A = i < 300 ? thing.A : null, B = i is < 60 or >= 300 ? thing.B : null }).ToList();
        var test = _mlContext.Data.LoadFromEnumerable(things[500..]);
        var options = TwoViews.Options(steps: 100);
        (options.Optimizer.LearningRate, options.Objectives) = (2e-3, [new ContrastiveObjective()]);
        var all = Recall();
        options.Validation.Fraction = 0.1;
        var held = Recall();
        Console.WriteLine($"recall@1 {all:F3} without validation, {held:F3} with six pairs held out");
        Assert.IsGreaterThan(0.7 * all, held);

        double Recall()
        {
            using var model = _mlContext.Transforms.GentleClip(options).Fit(_mlContext.Data.LoadFromEnumerable(rows));
            return Operations.Catalog.EvaluateRetrieval(model.Transform(test), "EmbeddingA", "EmbeddingB").RecallAt(1);
        }
    }

    [TestMethod]
    public void WhatEqualsAValidationSampleOrBelongsToItIsNoDistractor()
    {
        // The partners as unpaired samples of the training, and another partner of the first sample in a training pair.
        var validation = TwoViews.Pairs(8, seed: 52);
        var options = TwoViews.Options();
        options.ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.Alone, Method = ClosedFormMethod.LinearAndKernel };
        _train.AddRange(validation.Select(row => new TwoViews.Row { B = row.B }));
        var second = TwoViews.Pairs(1, seed: 53)[0];
        _train.Add(new TwoViews.Row { A = validation[0].A, B = second.B, IsPaired = true });
        var log = new ContextLog(_mlContext);
        using var model = Fit(options, validation);
        AssertEqual(ValidationReference.Evaluate(model, validation, _train[..^9]), model.History[0].Validation!);
        var told = log.Texts(ChannelMessageKind.Info);
        Assert.Contains("Validation: 1 samples of A are no distractors, as they equal a validation pair's sample or belong to one.", told);
        Assert.Contains("Validation: 9 samples of B are no distractors, as they equal a validation pair's sample or belong to one.", told);
    }

    [TestMethod]
    public void ASampleWithSeveralPartnersIsFoundByTheNearest()
    {
        var validation = TwoViews.Pairs(12, seed: 54);
        for (var i = 1; i < 12; i++)
            validation[i].A = validation[0].A;
        var options = TwoViews.Options();
        options.ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.Alone, Method = ClosedFormMethod.LinearAndKernel };
        _train.Clear();
        _train.AddRange(TwoViews.Pairs(30, seed: 1));
        using var model = Fit(options, validation);
        var view = model.Transform(_mlContext.Data.LoadFromEnumerable(validation.Concat(_train).ToList()));
        var (a, b) = (Embeddings.Column(view, "EmbeddingA"), Embeddings.Column(view, "EmbeddingB"));
        var nearest = b[..12].Max(partner => Embeddings.Dot(a[0], partner));
        var rankOfNearest = 1 + b[12..].Count(other => Embeddings.Dot(a[0], other) > nearest);
        var ranksOfTheShared = b[..12].Select(query => 1 + a[12..].Count(other => Embeddings.Dot(query, other) > Embeddings.Dot(query, a[0])));
        var expected = (Math.Log(rankOfNearest) + ranksOfTheShared.Average(rank => Math.Log(rank))) / 2;
        Assert.AreEqual(expected, model.History[0].Validation!.MeanLogRank!.Value, 1e-9);
    }

    [TestMethod]
    public void ManyDistractorsAreSampledAndTheLogSaysSo()
    {
        var rows = TwoViews.Mixed(30, 40, 2500);
        var options = TwoViews.Options();
        options.ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.Alone, Method = ClosedFormMethod.LinearAndKernel };
        var log = new ContextLog(_mlContext);
        var validation = TwoViews.Pairs(25, seed: 5);
        using var model = Fit(options, validation, rows);
        using var again = Fit(options, validation, rows);
        Assert.AreEqual(model.History[0].Validation, again.History[0].Validation);
        var told = log.Texts(ChannelMessageKind.Info);
        Assert.Contains("Validation: of 2530 distractors of B a random sample of 2000 is used, the same in every epoch.", told);
        Assert.Contains("Validation on 25 pairs, partners ranked among 95 samples of A and 2025 of B.", told);
        Assert.IsEmpty(log.Warnings);
    }

    [TestMethod]
    [DataRow(6, true)]
    [DataRow(19, true)]
    [DataRow(20, false)]
    public void FewerThanTwentyPairsAreWarnedOf(int pairs, bool warns)
    {
        var log = new ContextLog(_mlContext);
        Fit(TwoViews.Options(steps: 1), TwoViews.Pairs(pairs, seed: 5)).Dispose();
        var options = TwoViews.Options(steps: 1);
        options.Validation.Fraction = pairs / 40.0;
        Fit(options, rows: TwoViews.Pairs(40, seed: 6)).Dispose();
        var expected = FormattableString.Invariant($"There are {pairs} validation pairs.");
        Assert.HasCount(warns ? 2 : 0, log.Warnings);
        foreach (var warning in log.Warnings)
        {
            StringAssert.StartsWith(warning, expected);
            StringAssert.Contains(warning, "Expected 20 or more");
        }
    }

    [TestMethod]
    [DataRow(new[] { 3.0, 2, 1, 2, 3, 4 }, 0.5)]
    [DataRow(new[] { 1.0, 1, 1, 2, 2, 2 }, 0.25)]
    [DataRow(new[] { 2.0, 2, 1, 1, 1, 1 }, 0.75)]
    [DataRow(new[] { 1.0, 1, 1, 1, 1, 1 }, 0.75)]
    [DataRow(new[] { 1.0, 1, 2, 2, 2, 2 }, 0.25)]
    [DataRow(new[] { 2.0, 2, 2, 2, 1, 1 }, 0.9)]
    public void OfEqualSharesTheMiddleIsChosen(double[] scores, double expected)
    {
        double[] shares = [0, 0.25, 0.5, 0.75, 0.9, 1];
        Assert.AreEqual(expected, GentleClip.Trainers.ClosedFormFactory.MiddleOfBest([.. shares.Zip(scores)]));
        Assert.AreEqual(expected, GentleClip.Trainers.ClosedFormFactory.MiddleOfBest([.. shares.Zip(scores).Reverse()]));
    }

    [TestMethod]
    public void AShareThatValidationCannotTellIsTheMiddle()
    {
        // Two pairs far from everything and from each other: found first whatever the share.
        var options = TwoViews.Options(steps: 200);
        (options.ClosedForm, options.Optimizer.LearningRate) = (new ClosedFormOptions { Role = ClosedFormRole.BesideTowers }, 1e-2);
        var validation = TwoViews.Pairs(2, seed: 8);
        _train.Clear();
        _train.AddRange(TwoViews.Pairs(4, seed: 8));
        using var model = Fit(options, validation);
        foreach (var share in new[] { 0, 0.25, 0.5, 0.75, 0.9, 1 })
        {
            model.Model.SetShare(share);
            Assert.AreEqual(0, ValidationReference.Evaluate(model, validation, _train[2..]).MeanLogRank, $"share {share}: the test needs equal figures");
        }
        Assert.AreEqual(0.75, model.ClosedForm!.Share);
    }

    private GentleClipTransformer Fit(GentleClipOptions options, List<TwoViews.Row>? validation = null, List<TwoViews.Row>? rows = null) =>
        _mlContext.Transforms.GentleClip(options).Fit(
            _mlContext.Data.LoadFromEnumerable(rows ?? _train), validation is null ? null : _mlContext.Data.LoadFromEnumerable(validation));

    private IEnumerable<int> Bits(GentleClipTransformer model) =>
        Embeddings.Bits(model.Transform(_mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(20, seed: 9))), "EmbeddingA").SelectMany(row => row);

    // A pass of other rows may round otherwise, which can change places of two candidates that are as near.
    private static void AssertEqual(ValidationRetrieval expected, ValidationRetrieval found)
    {
        Assert.AreEqual(expected.MeanLogRank!.Value, found.MeanLogRank!.Value, 0.01);
        Assert.AreEqual(expected.MeanReciprocalRank, found.MeanReciprocalRank, 0.01);
        Assert.AreEqual(expected.RecallAt1, found.RecallAt1, 0.03);
        Assert.AreEqual(expected.RecallAt5, found.RecallAt5, 0.03);
        Assert.AreEqual(expected.RecallAt10, found.RecallAt10, 0.03);
    }

    // Two instruments that see a hidden position through curves and noise of their own, as in the first notebook.
    private sealed class Thing
    {
        [VectorType(24)]
        public float[]? A { get; set; }

        [VectorType(32)]
        public float[]? B { get; set; }

        public static Thing Measure(Random random)
        {
            double[] hidden = [random.Next(3) * 2 - 2 + 1.6 * random.NextDouble(), 2 * random.NextDouble(), 2 * random.NextDouble()];
            return new Thing { A = Look(0, 24), B = Look(2, 32) };

            float[] Look(int instrument, int width) => [.. Enumerable.Range(0, width)
                .Select(k => (float)(Math.Sin(hidden[k % 3] * (1 + (k + instrument) % 5 * 0.3) + k) + 0.4 * (random.NextDouble() - 0.5)))];
        }
    }
}
