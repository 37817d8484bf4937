using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.Runtime;
using Microsoft.ML.Trainers;
using static Microsoft.ML.GentleClip.Tests.MultiLabel.MultiLabelData;

namespace Microsoft.ML.GentleClip.Tests.MultiLabel;

[TestClass]
public sealed class OnePerLabelTests
{
    [TestMethod]
    public void Labels_that_follow_from_the_features_are_found()
    {
        var mlContext = new MLContext(seed: 1);
        var model = mlContext.BinaryClassification.Trainers.OnePerLabel((label, features) => Sdca(mlContext, label, features)).Fit(View(mlContext, Rows(300)));
        var metrics = Operations.Catalog.EvaluateMultiLabel(model.Transform(View(mlContext, Rows(200, seed: 2))));

        Assert.AreSequenceEqual(Names, metrics.LabelNames);
        Assert.IsGreaterThan(0.97, metrics.FMax.FMax);
        Assert.IsGreaterThan(0.99, metrics.MacroAreaUnderPrecisionRecallCurve);
        Assert.AreSequenceEqual([4, 5], model.ConstantLabels);
    }

    [TestMethod]
    public void Each_slot_is_what_the_trainer_alone_gives()
    {
        // No randomness in L-BFGS on one thread: the models must agree to the bit.
        var mlContext = new MLContext(seed: 1);
        var (train, test) = (Rows(100), View(mlContext, Rows(50, seed: 2)));
        var model = mlContext.BinaryClassification.Trainers.OnePerLabel((label, features) => Lbfgs(label, features)).Fit(View(mlContext, train));
        var scored = model.Transform(test);
        for (var slot = 0; slot < Dimension; slot++)
        {
            var alone = Lbfgs("Label", "Features")
                .Fit(mlContext.Data.LoadFromEnumerable(train.Select(row => new SingleRow { Features = row.Features, Label = row.Labels[slot] })))
                    .Transform(test);
            foreach (var column in new[] { "Score", "Probability" })
                Assert.AreSequenceEqual(alone.GetColumn<float>(column), Embeddings.Column(scored, column).Select(row => row[slot]), $"{column} {slot}");
        }

        LbfgsLogisticRegressionBinaryTrainer Lbfgs(string label, string features) => mlContext.BinaryClassification.Trainers.LbfgsLogisticRegression(
            new LbfgsLogisticRegressionBinaryTrainer.Options { LabelColumnName = label, FeatureColumnName = features, NumberOfThreads = 1 });
    }

    [TestMethod]
    public void Parallel_training_gives_what_serial_training_gives()
    {
        Assert.AreSequenceEqual(Scores(1), Scores(4));
        Assert.AreSequenceEqual(Scores(1), Scores(null));

        static IEnumerable<float> Scores(int? degree)
        {
            var mlContext = new MLContext(seed: 3);
            var data = View(mlContext, Rows(120));
            var estimator = mlContext.BinaryClassification.Trainers.OnePerLabel((label, features) => Sdca(mlContext, label, features),
                maximumDegreeOfParallelism: degree);
            return [.. Embeddings.Column(estimator.Fit(data).Transform(data), "Score").SelectMany(row => row)];
        }
    }

    [TestMethod]
    public void Labels_without_positive_or_negative_rows_are_constant_and_warned_of()
    {
        var mlContext = new MLContext(seed: 1);
        var log = new ContextLog(mlContext);
        var data = View(mlContext, Rows(60));
        var scored = mlContext.BinaryClassification.Trainers.OnePerLabel((label, features) => Sdca(mlContext, label, features)).Fit(data).Transform(data);
        foreach (var column in new[] { "Score", "Probability" })
            foreach (var row in Embeddings.Column(scored, column))
                Assert.AreEqual((0f, 1f), (row[4], row[5]));
        Assert.Contains("No row has 1 of 6 labels, whose score is therefore 0 for all rows: none.", log.Warnings);
        Assert.Contains("Every row has 1 of 6 labels, whose score is therefore 1 for all rows: all.", log.Warnings);
    }

    [TestMethod]
    public void Rows_without_features_are_left_out_and_score_NaN()
    {
        var (mlContext, other) = (new MLContext(seed: 1), new MLContext());
        var log = new ContextLog(mlContext);
        var (rows, missing) = (Rows(80), Rows(5, seed: 9));
        foreach (var row in missing)
            row.Features[2] = float.NaN;
        // The views are another context's: what a context makes moves its seeds on.
        var all = View(other, [.. missing, .. rows]);
        var expected = Scores(new MLContext(seed: 1), View(other, rows));
        var actual = Scores(mlContext, all);
        Assert.AreSequenceEqual(expected.SelectMany(row => row), actual.Skip(5).SelectMany(row => row));
        Assert.IsTrue(actual.Take(5).SelectMany(row => row).All(float.IsNaN));
        Assert.Contains("5 rows without features in column 'Features' are left out; 80 are trained on.", log.Texts(ChannelMessageKind.Info));

        static float[][] Scores(MLContext mlContext, IDataView data) =>
            Embeddings.Column(mlContext.BinaryClassification.Trainers.OnePerLabel((label, features) => Sdca(mlContext, label, features)).Fit(data)
                .Transform(data), "Score");
    }

    [TestMethod]
    public void Labels_may_be_numbers_and_unknown()
    {
        // Feature x; the label of rows beyond 0.5 is not known for slot 0, and would be wrong if it were taken for "not".
        var mlContext = new MLContext(seed: 1);
        var rows = Enumerable.Range(-40, 81).Select(i => i / 40f)
            .Select(x => new NumberRow { Features = [x, 1], Labels = [x > 0.5f ? float.NaN : x > 0 ? 1 : 0, x > 0 ? 2 : -1] }).ToList();
        var data = mlContext.Data.LoadFromEnumerable(rows);
        var scores = Embeddings.Column(mlContext.BinaryClassification.Trainers.OnePerLabel((label, features) => Sdca(mlContext, label, features)).Fit(data)
            .Transform(data), "Probability");
        foreach (var (row, score) in rows.Zip(scores).Where(one => Math.Abs(one.First.Features[0]) > 0.3f))
            Assert.AreEqual((row.Features[0] > 0, row.Features[0] > 0), (score[0] > 0.5f, score[1] > 0.5f), $"{row.Features[0]}");
    }

    [TestMethod]
    public void Trainers_without_calibration_give_scores_alone()
    {
        var mlContext = new MLContext(seed: 1);
        var data = View(mlContext, Rows(60));
        var estimator = mlContext.BinaryClassification.Trainers.OnePerLabel(
            (label, features) => mlContext.BinaryClassification.Trainers.AveragedPerceptron(label, features), scoreColumnName: "S");
        var scored = estimator.Fit(data).Transform(data);
        Assert.IsNull(scored.Schema.GetColumnOrNull("Probability"));
        Assert.IsGreaterThan(0.95, Operations.Catalog.EvaluateMultiLabel(scored, "Labels", "S").MicroAreaUnderPrecisionRecallCurve);
        EstimatorContract.Check(estimator, mlContext, data);
    }

    [TestMethod]
    public void Trees_can_be_the_models()
    {
        var mlContext = new MLContext(seed: 1);
        var data = View(mlContext, Rows(200));
        var model =
            mlContext.BinaryClassification.Trainers.OnePerLabel(
                (label, features) => mlContext.BinaryClassification.Trainers.FastTree(label, features, numberOfTrees: 5, minimumExampleCountPerLeaf: 5))
                    .Fit(data);
        Assert.IsGreaterThan(0.95, Operations.Catalog.EvaluateMultiLabel(model.Transform(data)).MicroAreaUnderPrecisionRecallCurve);
        var (loaded, _) = EstimatorContract.SaveAndLoad(mlContext, model, data.Schema);
        Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(data), "Probability"), Embeddings.Bits(loaded.Transform(data), "Probability"));
    }

    [TestMethod]
    public void A_failing_label_is_named_and_its_error_kept()
    {
        var mlContext = new MLContext(seed: 1);
        var data = View(mlContext, Rows(60));
        var made = 0;
        // The first trainer is for the schema, the third for the second label.
        var estimator = mlContext.BinaryClassification.Trainers.OnePerLabel((label, features) => Sdca(mlContext, label, ++made == 3 ? "Other" : features));
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => estimator.Fit(data));
        Assert.Contains("Training the label 'f1' failed: ", error.Message);
        Assert.Contains("'Other'", error.Message);
        Assert.IsNotNull(error.InnerException);
    }

    [TestMethod]
    public void A_cancelled_training_stops()
    {
        var mlContext = new MLContext(seed: 1);
        using var cancellation = new CancellationTokenSource();
        var made = 0;
        var estimator = mlContext.BinaryClassification.Trainers.OnePerLabel((label, features) =>
        {
            // After the schema's trainer and three of the labels'.
            if (++made == 4)
                cancellation.Cancel();
            return Sdca(mlContext, label, features);
        }, cancellationToken: cancellation.Token);
        Assert.Throws<OperationCanceledException>(() => estimator.Fit(View(mlContext, Rows(60))));
    }

    private sealed class SingleRow
    {
        [VectorType(Dimension)]
        public float[] Features { get; set; } = [];

        public bool Label { get; set; }
    }

    private sealed class NumberRow
    {
        [VectorType(2)]
        public float[] Features { get; set; } = [];

        [VectorType(2)]
        public float[] Labels { get; set; } = [];
    }
}
