using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.GentleClip.Tests.Transformers;
using static Microsoft.ML.GentleClip.Tests.MultiLabel.MultiLabelData;

namespace Microsoft.ML.GentleClip.Tests.MultiLabel;

[TestClass]
public sealed class OnePerLabelContractTests
{
    [TestMethod]
    public void The_estimator_keeps_what_ML_NET_expects()
    {
        var mlContext = new MLContext(seed: 1);
        var data = View(mlContext, Rows(60));
        EstimatorContract.Check(
            mlContext.BinaryClassification.Trainers.OnePerLabel((label, features) => Sdca(mlContext, label, features)), mlContext, data,
            WrongInput.Missing(mlContext.Transforms.DropColumns("Features").Fit(data).Transform(data), "Features"),
            new WrongInput(One<ScalarFeatures>(), "Features", "Vector<Single", "Single", "Single"),
            new WrongInput(One<WideFeatures>(), "Features", "Vector<Single, 4>", "Vector<Single, 5>", null) { ForTransformersAlone = true },
            WrongInput.Missing(mlContext.Transforms.DropColumns("Labels").Fit(data).Transform(data), "Labels") with { ForTrainingAlone = true },
            new WrongInput(One<TextLabels>(), "Labels", "Vector<Boolean>", "String", "String") { ForTrainingAlone = true });

        IDataView One<T>() where T : class, new() => mlContext.Data.LoadFromEnumerable([new T()]);
    }

    [TestMethod]
    public void A_fresh_process_loads_the_pipeline_and_scores_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        var mlContext = new MLContext(seed: 1);
        var (train, rows) = (View(mlContext, Rows(60)), View(mlContext, Rows(20, seed: 2)));
        var model = mlContext.Transforms.NormalizeMeanVariance("Features")
            .Append(mlContext.BinaryClassification.Trainers.OnePerLabel((label, features) => Sdca(mlContext, label, features)))
            .Fit(train);
        var (modelPath, rowsPath, outputPath) = (folder.File("model.zip"), folder.File("rows.idv"), folder.File("scored.idv"));
        mlContext.Model.Save(model, train.Schema, modelPath);
        using (var stream = File.Create(rowsPath))
            mlContext.Data.SaveAsBinary(rows, stream);

        var result = ChildProcess.Run(AppContext.BaseDirectory, ["score", modelPath, rowsPath, outputPath]);

        Assert.AreEqual(0, result.ExitCode, result.ToString());
        var there = mlContext.Data.LoadFromBinary(outputPath);
        foreach (var column in new[] { "Score", "Probability" })
            Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(rows), column), Embeddings.Bits(there, column));
        VBuffer<ReadOnlyMemory<char>> names = default;
        there.Schema["Probability"].GetSlotNames(ref names);
        Assert.AreSequenceEqual(Names, names.DenseValues().Select(name => name.ToString()));
    }

    [TestMethod]
    public void A_prediction_engine_and_parallel_cursors_give_the_same_scores()
    {
        var mlContext = new MLContext(seed: 1);
        var rows = Rows(100);
        var data = View(mlContext, rows);
        var model = mlContext.BinaryClassification.Trainers.OnePerLabel((label, features) => Sdca(mlContext, label, features)).Fit(data);
        var expected = Embeddings.Column(model.Transform(data), "Probability");
        using var engine = mlContext.Model.CreatePredictionEngine<LabelledRow, Prediction>(model, data.Schema);
        foreach (var (row, values) in rows.Zip(expected))
            Assert.AreSequenceEqual(values, engine.Predict(row).Probability);

        Parallel.For(0, 4,
            _ => Assert.AreSequenceEqual(expected.SelectMany(row => row), Embeddings.Column(model.Transform(data), "Probability").SelectMany(row => row)));
    }

    [TestMethod]
    public void A_row_that_is_filled_anew_in_its_place_gets_scores_of_its_own()
    {
        var mlContext = new MLContext(seed: 1);
        var rows = Rows(60);
        var data = View(mlContext, rows);
        var model = mlContext.BinaryClassification.Trainers.OnePerLabel((label, features) => Sdca(mlContext, label, features)).Fit(data);
        var mapper = model.GetRowToRowMapper(data.Schema);
        var input = new RefilledRow(data.Schema, "Features");
        using var row = mapper.GetRow(input, mapper.OutputSchema.Where(column => column.Name == "Score"));
        var getter = row.GetGetter<VBuffer<float>>(row.Schema["Score"]);
        foreach (var (features, expected) in rows.Zip(Embeddings.Column(model.Transform(data), "Score")))
        {
            VBuffer<float> scores = default;
            input.Fill(features.Features);
            getter(ref scores);
            Assert.AreSequenceEqual(expected, scores.DenseValues());
        }
    }

    [TestMethod]
    public void Texts_with_many_labels_become_label_vectors()
    {
        // As docs/evaluation.md shows.
        var mlContext = new MLContext(seed: 1);
        var rows = Rows(150)
            .Select(
            row =>
                new TextRow
                {
                    Features = row.Features,
                    Numbers = string.Join(';', row.Features.Index().Where(one => one.Item > 0).Select(one => $"{one.Index}.1.1.1")),
                });
        var data = mlContext.Data.LoadFromEnumerable(rows);
        var pipeline = mlContext.Transforms.Text.TokenizeIntoWords("Labels", "Numbers", separators: [';'])
            .Append(mlContext.Transforms.Conversion.MapValueToKey("Labels"))
            .Append(mlContext.Transforms.Conversion.MapKeyToVector("Labels", outputCountVector: true))
            .Append(mlContext.BinaryClassification.Trainers.OnePerLabel((label, features) => Sdca(mlContext, label, features)));
        var metrics = Operations.Catalog.EvaluateMultiLabel(pipeline.Fit(data).Transform(data));
        Assert.AreSequenceEqual(["0.1.1.1", "1.1.1.1", "2.1.1.1", "3.1.1.1"], metrics.LabelNames.Order());
        Assert.IsGreaterThan(0.97, metrics.CafaFMax!.FMax);
    }

    [TestMethod]
    public void Wrong_arguments_are_refused()
    {
        var mlContext = new MLContext(seed: 1);
        var trainers = mlContext.BinaryClassification.Trainers;
        Assert.ThrowsExactly<ArgumentNullException>(() => trainers.OnePerLabel(null!));
        Assert.ThrowsExactly<ArgumentException>(() => trainers.OnePerLabel((label, features) => Sdca(mlContext, label, features), labelColumnName: " "));
        Assert.ThrowsExactly<ArgumentException>(
            () => trainers.OnePerLabel((label, features) => Sdca(mlContext, label, features), scoreColumnName: "Probability"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => trainers.OnePerLabel((label, features) => Sdca(mlContext, label, features), maximumDegreeOfParallelism: 0));
    }

    private sealed class Prediction
    {
        public float[] Probability { get; set; } = [];
    }

    private sealed class TextRow
    {
        [VectorType(Dimension)]
        public float[] Features { get; set; } = [];

        public string Numbers { get; set; } = "";
    }

    private sealed class ScalarFeatures
    {
        public float Features { get; set; }

        [VectorType(6)]
        public bool[] Labels { get; set; } = new bool[6];
    }

    private sealed class WideFeatures
    {
        [VectorType(5)]
        public float[] Features { get; set; } = new float[5];

        [VectorType(6)]
        public bool[] Labels { get; set; } = new bool[6];
    }

    private sealed class TextLabels
    {
        [VectorType(Dimension)]
        public float[] Features { get; set; } = new float[Dimension];

        public string Labels { get; set; } = "";
    }
}
