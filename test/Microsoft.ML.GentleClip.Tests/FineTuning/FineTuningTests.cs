using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.Trainers;

namespace Microsoft.ML.GentleClip.Tests.FineTuning;

/// <summary>What comes out of a fine-tuning, for each kind of label, in the columns that ML.NET's evaluations read.</summary>
[TestClass]
public sealed class FineTuningTests
{
    private static readonly MLContext MlContext = new(seed: 3);
    private static readonly List<LabelledViews.Row> TrainRows = LabelledViews.Rows(240), TestRows = LabelledViews.Rows(200, seed: 8);
    private static readonly ITransformer Keys = LabelledViews.Keys(MlContext, TrainRows);
    private static readonly IDataView Train = Keys.Transform(MlContext.Data.LoadFromEnumerable(TrainRows));
    private static readonly IDataView Test = Keys.Transform(MlContext.Data.LoadFromEnumerable(TestRows));
    private static readonly Lazy<GentleClipTransformer> Aligned = new(() => LabelledViews.Aligned());

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow(null)]
    [DataRow(Side.A)]
    [DataRow(Side.B)]
    public void Classes(Side? side)
    {
        var options = LabelledViews.Options(300) with { Side = side, Optimizer = new() { LearningRate = 5e-3 } };
        using var model = MlContext.MulticlassClassification.Trainers.GentleClipFineTuning(Aligned.Value, options).Fit(Train);
        var scored = model.Transform(Test);
        var metrics = MlContext.MulticlassClassification.Evaluate(scored);
        TestContext.WriteLine($"{side}: {metrics.MicroAccuracy:0.000}, log loss {metrics.LogLoss:0.000}");
        // The clusters overlap: more than maximum entropy on the inputs themselves cannot be had, and it is to be reached but for the noise of 200 rows.
        var plain = Inputs(side)
            .Append(MlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy(new LbfgsMaximumEntropyMulticlassTrainer.Options { NumberOfThreads = 1 }))
            .Fit(Train).Transform(Test);
        var reference = MlContext.MulticlassClassification.Evaluate(plain);
        TestContext.WriteLine($"maximum entropy {reference.MicroAccuracy:0.000}, log loss {reference.LogLoss:0.000}");
        double shareOfLargest = TestRows.CountBy(row => row.Kind!).Max(kind => kind.Value) / 200.0, chance = Math.Log(LabelledViews.Kinds.Length);
        Assert.IsGreaterThan(shareOfLargest + TwoErrors(shareOfLargest), reference.MicroAccuracy, "the reference has learnt nothing");
        Assert.IsGreaterThan(reference.MicroAccuracy - TwoErrors(reference.MicroAccuracy), metrics.MicroAccuracy);
        Assert.IsLessThan(chance, metrics.LogLoss);

        // Keys keep their values, and slots are named by them.
        VBuffer<ReadOnlyMemory<char>> values = default, slots = default;
        scored.Schema["PredictedLabel"].GetKeyValues(ref values);
        scored.Schema["Score"].GetSlotNames(ref slots);
        VBuffer<ReadOnlyMemory<char>> expected = default;
        Train.Schema["Label"].GetKeyValues(ref expected);
        string[] names = [.. expected.DenseValues().Select(value => value.ToString())];
        CollectionAssert.AreEqual(names, values.DenseValues().Select(value => value.ToString()).ToArray());
        CollectionAssert.AreEqual(names, slots.DenseValues().Select(value => value.ToString()).ToArray());
        var back = MlContext.Transforms.Conversion.MapKeyToValue("Predicted", "PredictedLabel").Fit(scored).Transform(scored);
        var right = back.GetColumn<string>("Predicted").Zip(TestRows).Count(row => row.First == row.Second.Kind);
        Assert.AreEqual(metrics.MicroAccuracy, right / 200.0, 1e-9);
        foreach (var row in Embeddings.Column(scored, "Score"))
            Assert.AreEqual(1, row.Sum(), 1e-5);
        Assert.AreEqual(FineTuningTask.Multiclass, model.Task);
        CollectionAssert.AreEqual(names, model.LabelNames!.ToArray());
        Assert.HasCount(side is null ? 2 : 1, model.Modalities);
    }

    [TestMethod]
    public void YesOrNo()
    {
        var options = LabelledViews.Options(300, "IsFirst") with { Optimizer = new() { LearningRate = 5e-3 } };
        using var model = MlContext.BinaryClassification.Trainers.GentleClipFineTuning(Aligned.Value, options).Fit(Train);
        var metrics = MlContext.BinaryClassification.Evaluate(model.Transform(Test), "IsFirst");
        var plain = Inputs(null).Append(MlContext.BinaryClassification.Trainers.LbfgsLogisticRegression(
            new LbfgsLogisticRegressionBinaryTrainer.Options { LabelColumnName = "IsFirst", NumberOfThreads = 1 })).Fit(Train).Transform(Test);
        var reference = MlContext.BinaryClassification.Evaluate(plain, "IsFirst");
        TestContext.WriteLine($"{metrics.Accuracy:0.000}, area {metrics.AreaUnderRocCurve:0.000}, log loss {metrics.LogLoss:0.000} bits; "
            + $"logistic regression {reference.Accuracy:0.000}, {reference.AreaUnderRocCurve:0.000}, {reference.LogLoss:0.000}");
        double share = TestRows.Count(row => row.IsFirst) / 200.0;
        Assert.IsGreaterThan(Math.Max(share, 1 - share), reference.Accuracy, "the reference has learnt nothing");
        Assert.IsGreaterThan(reference.Accuracy - TwoErrors(reference.Accuracy), metrics.Accuracy);
        Assert.IsGreaterThan(reference.AreaUnderRocCurve - TwoErrors(reference.AreaUnderRocCurve), metrics.AreaUnderRocCurve);
        Assert.IsLessThan(metrics.Entropy, metrics.LogLoss, "no better than the share of the rows");
    }

    [TestMethod]
    public void Numbers()
    {
        var options = LabelledViews.Options(200, "Target") with { Modalities = LabelledViews.Modalities, Optimizer = new() { LearningRate = 1e-2 } };
        using var model = MlContext.Regression.Trainers.GentleClipFineTuning(options).Fit(Train);
        var metrics = MlContext.Regression.Evaluate(model.Transform(Test), "Target");
        // More than a row's kind tells: the mean of its kind among the training rows, as the prediction of one who knows the kind for certain.
        var means = TrainRows.GroupBy(row => row.Kind!).ToDictionary(kind => kind.Key, kind => kind.Average(row => (double)row.Target));
        var mean = TestRows.Average(row => (double)row.Target);
        var byKind = 1 - (TestRows.Sum(row => Math.Pow(row.Target - means[row.Kind!], 2)) / TestRows.Sum(row => Math.Pow(row.Target - mean, 2)));
        TestContext.WriteLine($"R2 {metrics.RSquared:0.000}, by the kind {byKind:0.000}");
        Assert.IsGreaterThan(0.1, byKind);
        Assert.IsGreaterThan(byKind, metrics.RSquared);
    }

    [TestMethod]
    [DataRow("Flags")]
    [DataRow("Known")]
    [DataRow("TagKeys")]
    public void ManyLabels(string column)
    {
        var options = LabelledViews.Options(200, column) with { Optimizer = new() { LearningRate = 1e-2 } };
        using var model = MlContext.BinaryClassification.Trainers.GentleClipMultiLabelFineTuning(Aligned.Value, options).Fit(Train);
        var scored = model.Transform(Test);
        var truth = "Flags";
        if (column == "TagKeys")
        {
            // The keys as a bag, which carries their values as slot names.
            scored = MlContext.Transforms.Conversion.MapKeyToVector("Bag", "TagKeys", outputCountVector: true).Fit(scored).Transform(scored);
            truth = "Bag";
        }
        var metrics = MlContext.GentleClip().EvaluateMultiLabel(scored, truth, "Probability");
        TestContext.WriteLine($"{column}: {metrics}");
        Assert.IsGreaterThan(0.85, metrics.FMax.FMax);
        foreach (var (scores, probabilities) in Embeddings.Column(scored, "Score").Zip(Embeddings.Column(scored, "Probability")))
            foreach (var (score, probability) in scores.Zip(probabilities))
                Assert.AreEqual(1 / (1 + Math.Exp(-score)), probability, 1e-5);
    }

    // ML.NET's linear trainers on the inputs themselves are what a head on encoders of a few steps should come near.
    private static IEstimator<ITransformer> Inputs(Side? side) => MlContext.Transforms.Concatenate("Features", side is null ? ["A", "B"] : [$"{side}"]);

    // Two standard errors of the difference of two such shares over the test rows.
    private static double TwoErrors(double share) => 2 * Math.Sqrt(2 * share * (1 - share) / TestRows.Count);

    [TestMethod]
    public void TheContractOfMlNet()
    {
        var data = LabelledViews.View(MlContext, TrainRows.Take(60));
        var trainers = MlContext.MulticlassClassification.Trainers;
        EstimatorContract.Check(trainers.GentleClipFineTuning(Aligned.Value, LabelledViews.Options(3)), MlContext, data,
            WrongInput.Missing(MlContext.Transforms.DropColumns("A").Fit(data).Transform(data), "A"),
            WrongInput.Missing(MlContext.Transforms.DropColumns("Label").Fit(data).Transform(data), "Label") with { ForTrainingAlone = true },
            new WrongInput(MlContext.Transforms.CopyColumns("Label", "Kind").Fit(data).Transform(data), "Label", "Key<UInt32>", "String", "String")
            {
                ForTrainingAlone = true,
            });
        EstimatorContract.Check(
            MlContext.BinaryClassification.Trainers.GentleClipFineTuning(Aligned.Value, LabelledViews.Options(3, "IsFirst")), MlContext, data,
            new WrongInput(MlContext.Transforms.CopyColumns("IsFirst", "Target").Fit(data).Transform(data), "IsFirst", "Boolean", "Single", "Single")
            {
                ForTrainingAlone = true,
            });
        EstimatorContract.Check(MlContext.Regression.Trainers.GentleClipFineTuning(Aligned.Value, LabelledViews.Options(3, "Target")), MlContext, data,
            new WrongInput(MlContext.Transforms.CopyColumns("Target", "IsFirst").Fit(data).Transform(data), "Target", "Single", "Boolean", "Boolean")
            {
                ForTrainingAlone = true,
            });
        foreach (var label in new[] { "Flags", "Known", "TagKeys" })
            EstimatorContract.Check(
                MlContext.BinaryClassification.Trainers.GentleClipMultiLabelFineTuning(Aligned.Value, LabelledViews.Options(3, label)), MlContext, data,
                new WrongInput(MlContext.Transforms.CopyColumns(label, "Kind").Fit(data).Transform(data), label, "Vector<Boolean>", "String", "String")
                {
                    ForTrainingAlone = true,
                });
    }

    [TestMethod]
    public void ARowWithoutASideHasNoPredictionAndIsNotTrainedOn()
    {
        var context = new MLContext(seed: 3);
        var log = new ContextLog(context);
        var rows = LabelledViews.Rows(60);
        for (var i = 0; i < 10; i++)
            rows[i].A = [.. Enumerable.Repeat(float.NaN, TwoViews.DimensionA)];
        rows[20].Kind = null;
        var data = LabelledViews.View(context, rows);
        using var model = context.MulticlassClassification.Trainers.GentleClipFineTuning(Aligned.Value, LabelledViews.Options(5)).Fit(data);
        var scored = model.Transform(data);
        var (keys, scores) = (scored.GetColumn<uint>("PredictedLabel").ToArray(), Embeddings.Column(scored, "Score"));
        for (var i = 0; i < rows.Count; i++)
        {
            Assert.AreEqual(i < 10, keys[i] == 0, $"row {i}");
            Assert.IsTrue(scores[i].All(score => float.IsNaN(score) == i < 10), $"row {i}");
        }
        Assert.Contains("10 of 60 rows are left out: column 'A' is missing there.", log.Warnings);
        Assert.Contains("1 of 60 rows are left out: column 'Label' has no label there.", log.Warnings);
        // Evaluation goes on without such rows.
        Assert.IsGreaterThan(0, context.MulticlassClassification.Evaluate(scored).MicroAccuracy);

        using var fromB = context.MulticlassClassification.Trainers.GentleClipFineTuning(Aligned.Value, "Label", Side.B).Fit(data);
        Assert.IsFalse(fromB.Transform(data).GetColumn<uint>("PredictedLabel").Contains(0u), "side B alone is there in every row");
    }

    [TestMethod]
    public void ClassesAndLabelsThatNoRowHasAreReportedAndNeverPredicted()
    {
        var context = new MLContext(seed: 3);
        var log = new ContextLog(context);
        var rows = LabelledViews.Rows(120);
        var data = LabelledViews.Keys(context, rows).Transform(context.Data.LoadFromEnumerable(rows.Where(row => row.Kind != "yew")));
        using var model = context.MulticlassClassification.Trainers.GentleClipFineTuning(Aligned.Value, LabelledViews.Options(30)).Fit(data);
        Assert.IsTrue(log.Warnings.Exists(warning =>
            warning.Contains("No row is of 1 of 3 classes, which are never predicted: yew.", StringComparison.Ordinal)));
        var slot = model.LabelNames!.ToList().IndexOf("yew");
        foreach (var row in Embeddings.Column(model.Transform(data), "Score"))
            Assert.AreEqual(0f, row[slot]);

        // The third label is had by all, the fourth by none.
        foreach (var row in rows)
            row.Flags = [row.Flags[0], row.Flags[1], true, false];
        data = LabelledViews.View(context, rows);
        using var labels = context.BinaryClassification.Trainers.GentleClipMultiLabelFineTuning(Aligned.Value, LabelledViews.Options(30, "Flags")).Fit(data);
        foreach (var row in Embeddings.Column(labels.Transform(data), "Probability"))
            CollectionAssert.AreEqual(new[] { 1f, 0f }, row[2..]);
        Assert.IsTrue(log.Warnings.Exists(warning => warning.Contains("No row has 1 of 4 labels", StringComparison.Ordinal)));
        Assert.IsTrue(log.Warnings.Exists(warning => warning.Contains("Every row has 1 of 4 labels", StringComparison.Ordinal)));
    }

    [TestMethod]
    [DataRow(HeadInitialization.Prior)]
    [DataRow(HeadInitialization.LinearProbe)]
    public void ClassWeightsRaiseARareClass(HeadInitialization head)
    {
        // Overlapping classes, one of them rare: without weights it is hardly ever the most probable.
        var random = new Random(5);
        var rows = LabelledViews.Rows(400);
        foreach (var row in rows)
        {
            row.Kind = random.NextDouble() < 0.08 ? "yew" : "oak";
            row.B = [.. Enumerable.Range(0, TwoViews.DimensionB).Select(i => (float)(random.NextDouble() + (row.Kind == "yew" && i < 3 ? 0.3 : 0)))];
        }
        var data = LabelledViews.View(MlContext, rows);
        double[] recalls = [.. new[] { ClassWeighting.None, ClassWeighting.SquareRoot, ClassWeighting.Balanced }.Select(weighting =>
        {
            var options = LabelledViews.Options(300) with
            {
                Modalities = [LabelledViews.Modalities[1]],
                TrainableLayers = 0,
                ClassWeighting = weighting,
                HeadInitialization = head,
                Optimizer = new() { LearningRate = 2e-2 },
            };
            using var model = MlContext.MulticlassClassification.Trainers.GentleClipFineTuning(options).Fit(data);
            var metrics = MlContext.MulticlassClassification.Evaluate(model.Transform(data));
            return metrics.ConfusionMatrix.PerClassRecall[model.LabelNames!.ToList().IndexOf("yew")];
        })];
        TestContext.WriteLine(string.Join(", ", recalls));
        Assert.IsLessThan(0.5, recalls[0]);
        Assert.IsGreaterThan(recalls[0] + 0.05, recalls[1]);
        Assert.IsGreaterThan(recalls[1] + 0.05, recalls[2]);
        Assert.IsGreaterThan(0.5, recalls[2]);
    }

    [TestMethod]
    public void StandardisedFeaturesLetAHeadLearn()
    {
        // Features as an untrained network gives them: nearly constant. No hidden layer, so that the head sees the inputs themselves.
        var rows = LabelledViews.Rows(240);
        rows.ForEach(row => row.A = [.. row.A.Select(value => 5 + value / 1000)]);
        var data = Keys.Transform(MlContext.Data.LoadFromEnumerable(rows));
        double[] losses = [.. new[] { true, false }.Select(isStandardised =>
        {
            var options = LabelledViews.Options(300) with
            {
                Modalities = [Modality.Vector("Unused", "A", new VectorEncoderOptions { HiddenDimensions = [], Standardize = false, InputNoise = 0 })],
                TrainableLayers = 0,
                StandardizeFeatures = isStandardised,
                // A solved head does not learn by steps.
                HeadInitialization = HeadInitialization.Prior,
                Optimizer = new() { LearningRate = 1e-2 },
            };
            using var model = MlContext.MulticlassClassification.Trainers.GentleClipFineTuning(options).Fit(data);
            return MlContext.MulticlassClassification.Evaluate(model.Transform(data)).LogLoss;
        })];
        TestContext.WriteLine(string.Join(", ", losses));
        Assert.IsLessThan(0.85, losses[0]);
        Assert.IsGreaterThan(1.0, losses[1]);
    }

    [TestMethod]
    public void APredictionEngineAndParallelCursorsGiveTheSameScores()
    {
        using var model = MlContext.MulticlassClassification.Trainers.GentleClipFineTuning(Aligned.Value, LabelledViews.Options(5)).Fit(Train);
        var expected = Embeddings.Column(model.Transform(Test), "Score");
        using var engine = MlContext.Model.CreatePredictionEngine<LabelledViews.Row, Prediction>(
            model, MlContext.Data.LoadFromEnumerable(TestRows).Schema);
        foreach (var (row, values) in TestRows.Zip(expected))
            for (var i = 0; i < values.Length; i++)
                Assert.AreEqual(values[i], engine.Predict(row).Score[i], 1e-5);
        Parallel.For(0, 4, _ => Assert.AreSequenceEqual(
            expected.SelectMany(row => row), Embeddings.Column(model.Transform(Test), "Score").SelectMany(row => row)));
    }

    [TestMethod]
    public void ADisposedModelSaysSo()
    {
        var model = MlContext.MulticlassClassification.Trainers.GentleClipFineTuning(Aligned.Value, LabelledViews.Options(2)).Fit(Train);
        var scored = model.Transform(Test);
        model.Dispose();
        Assert.Contains(nameof(FineTunedTransformer), Assert.ThrowsExactly<ObjectDisposedException>(() => Embeddings.Column(scored, "Score")).Message);
        Assert.ThrowsExactly<ObjectDisposedException>(() => model.Transform(Test));
        Assert.IsNotEmpty(scored.GetColumn<string>("Kind"), "what is passed through needs no model");
    }

    [TestMethod]
    public void WithinAPipeline()
    {
        var rows = MlContext.Data.LoadFromEnumerable(TrainRows);
        var pipeline = MlContext.Transforms.GentleClip(TwoViews.Options(5)).Append(MlContext.Transforms.Conversion.MapValueToKey("Label", "Kind"))
            .Append(MlContext.MulticlassClassification.Trainers.GentleClipFineTuning(Aligned.Value, LabelledViews.Options()))
            .Append(MlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        var scored = pipeline.Fit(rows).Transform(MlContext.Data.LoadFromEnumerable(TestRows));
        var right = scored.GetColumn<string>("PredictedLabel").Zip(TestRows).Count(row => row.First == row.Second.Kind);
        Assert.IsGreaterThan(120, right);
    }

    private sealed class Prediction
    {
        public float[] Score { get; set; } = [];
    }
}
