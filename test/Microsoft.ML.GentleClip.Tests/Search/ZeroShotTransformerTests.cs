using System.Globalization;
using System.IO.Compression;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.GentleClip.Tests.Transformers;

namespace Microsoft.ML.GentleClip.Tests.Search;

[TestClass]
public sealed class ZeroShotTransformerTests
{
    private const int Dimension = 3;
    private static readonly string[] Labels = ["x", "y", "z"];

    private readonly MLContext _mlContext = new(seed: 1);

    private sealed class Row
    {
        [VectorType(Dimension)]
        public float[]? E { get; set; }

        public string Label { get; set; } = "";
    }

    private sealed class Prediction
    {
        public float[] Score { get; set; } = [];

        public string PredictedLabel { get; set; } = "";
    }

    private sealed class Wide
    {
        [VectorType(Dimension + 1)]
        public float[] E { get; set; } = new float[Dimension + 1];
    }

    private sealed class Scalar
    {
        public float E { get; set; }
    }

    private ZeroShotClassifier Classifier => _mlContext.GentleClip().CreateZeroShotClassifier(
        View([new() { E = [1, 0.2f, 0], Label = "x" }, new() { E = [0.1f, 1, 0], Label = "y" }, new() { E = [0.1f, 0.2f, 1], Label = "z" }]),
        "E", "Label", temperature: 0.3);

    [TestMethod]
    public void The_estimator_keeps_what_ML_NET_expects()
    {
        var data = View(Rows(40));
        EstimatorContract.Check(
            _mlContext.Transforms.ZeroShot(Classifier, "E"), _mlContext, data,
            WrongInput.Missing(_mlContext.Transforms.DropColumns("E").Fit(data).Transform(data), "E"),
            new WrongInput(_mlContext.Data.LoadFromEnumerable([new Scalar()]), "E", "expected Vector<Single, 3>", "Single", "Single"),
            new WrongInput(_mlContext.Data.LoadFromEnumerable([new Wide()]), "E", "expected Vector<Single, 3>", "Vector<Single, 4>", null)
            { ForTransformersAlone = true });
        EstimatorContract.Check(_mlContext.Transforms.ZeroShot(Classifier, "E", scoreColumnName: "E", predictedLabelColumnName: "Label"), _mlContext, data);
    }

    [TestMethod]
    public void Saved_and_loaded_it_is_the_same_classifier()
    {
        var (classifier, data) = (Classifier, View(Rows(60)));
        var transformer = _mlContext.Transforms.ZeroShot(classifier, "E", "P", "L").Fit(data);
        var loaded = (ZeroShotTransformer)EstimatorContract.SaveAndLoad(_mlContext, transformer, data.Schema).Loaded;
        Assert.AreSequenceEqual(Labels, loaded.Classifier.Labels);
        Assert.AreEqual((classifier.Temperature, Dimension), (loaded.Classifier.Temperature, loaded.Classifier.Dimension));
        var (before, after) = (transformer.Transform(data), loaded.Transform(data));
        Embeddings.AssertEqualBits(Embeddings.Bits(before, "P"), Embeddings.Bits(after, "P"));
        Assert.AreSequenceEqual(before.GetColumn<string>("L"), after.GetColumn<string>("L"));
        Assert.AreSequenceEqual(classifier.GetSimilarities([1, 2, 3]), loaded.Classifier.GetSimilarities([1, 2, 3]));
    }

    [TestMethod]
    public void A_fresh_process_loads_the_pipeline_and_scores_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        var train = View(Rows(60));
        var model = _mlContext.Transforms.NormalizeMeanVariance("E", fixZero: true)
            .Append(_mlContext.Transforms.ZeroShot(Classifier, "E"))
            .Append(_mlContext.Transforms.CopyColumns("Copy", "Score"))
            .Fit(train);
        var rows = View(Rows(20, seed: 2));
        var (modelPath, rowsPath, outputPath) = (folder.File("model.zip"), folder.File("rows.idv"), folder.File("scored.idv"));
        _mlContext.Model.Save(model, train.Schema, modelPath);
        using (var stream = File.Create(rowsPath))
            _mlContext.Data.SaveAsBinary(rows, stream);

        var result = ChildProcess.Run(AppContext.BaseDirectory, ["score", modelPath, rowsPath, outputPath]);

        Assert.AreEqual(0, result.ExitCode, result.ToString());
        var there = _mlContext.Data.LoadFromBinary(outputPath);
        foreach (var column in new[] { "Score", "Copy" })
            Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(rows), column), Embeddings.Bits(there, column));
        Assert.AreSequenceEqual(model.Transform(rows).GetColumn<string>("PredictedLabel"), there.GetColumn<string>("PredictedLabel"));
    }

    [TestMethod]
    public void It_stands_before_and_after_a_trainer_of_ML_NET()
    {
        // Before: its scores are the trainer's features. After: they are computed from the same rows once more.
        var data = View(Rows(200));
        var trainer = _mlContext.Transforms.Conversion.MapValueToKey("Key", "Label")
            .Append(_mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy("Key", "P"));
        var model = _mlContext.Transforms.ZeroShot(Classifier, "E", "P", "L").Append(trainer)
            .Append(_mlContext.Transforms.ZeroShot(Classifier, "E", "P2", "L2")).Fit(data);
        var scored = model.Transform(data);
        Assert.IsGreaterThan(0.9, _mlContext.MulticlassClassification.Evaluate(scored, "Key").MicroAccuracy);
        Embeddings.AssertEqualBits(Embeddings.Bits(scored, "P"), Embeddings.Bits(scored, "P2"));
        Assert.AreSequenceEqual(scored.GetColumn<string>("L"), scored.GetColumn<string>("L2"));
    }

    [TestMethod]
    public void A_prediction_engine_classifies_row_by_row()
    {
        var rows = Rows(50);
        rows[3].E = [float.NaN, 1, 1];
        var data = View(rows);
        var model = _mlContext.Transforms.ZeroShot(Classifier, "E").Fit(data);
        using var engine = _mlContext.Model.CreatePredictionEngine<Row, Prediction>(model, data.Schema);
        var (scores, labels) = (Embeddings.Column(model.Transform(data), "Score"), model.Transform(data).GetColumn<string>("PredictedLabel").ToArray());
        foreach (var (i, row) in rows.Index())
        {
            var prediction = engine.Predict(row);
            Assert.AreEqual(labels[i], prediction.PredictedLabel);
            Assert.AreSequenceEqual(scores[i], prediction.Score);
        }
        Assert.AreEqual("", labels[3]);
    }

    /// <summary>
    /// A text file is read by as many cursors as are asked for; a row's number must still be its own, and what went wrong must not be wrapped.
    /// </summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(4)]
    public void Where_a_cursor_is_split_among_threads_rows_keep_their_labels_and_numbers(int n)
    {
        using var folder = new TemporaryFolder();
        var rows = Rows(1000);
        var file = folder.File("rows.txt");
        File.WriteAllLines(file, rows.Select(row =>
            string.Join('\t', row.E!.Select(value => value.ToString("R", CultureInfo.InvariantCulture)).Append(row.Label))));
        var source = _mlContext.Data.LoadFromTextFile(file, [new("E", DataKind.Single, 0, Dimension - 1), new("Label", DataKind.String, Dimension)]);
        var model = _mlContext.Transforms.ZeroShot(Classifier, "E").Fit(source);
        var expected = rows.ConvertAll(row => Classifier.Classify(row.E)!);
        Assert.AreSequenceEqual(expected, InOrder(model.Transform(source), n));
        Assert.AreSequenceEqual(expected, InOrder(model.Transform(_mlContext.Data.Cache(source)), n));
        // Behind another step that splits.
        var later = _mlContext.Transforms.CopyColumns("Again", "Score").Fit(model.Transform(source)).Transform(model.Transform(source));
        Assert.AreSequenceEqual(expected, InOrder(later, n));

        rows[700].E = [0, float.PositiveInfinity, 0];
        var infinite = model.Transform(View(rows));
        Assert.Contains("The embedding 'E' of row 700 is ∞ in slot 1",
            Assert.ThrowsExactly<InvalidOperationException>(() => InOrder(infinite, n)).Message.Replace("Infinity", "∞", StringComparison.Ordinal));
    }

    [TestMethod]
    public void A_row_that_is_filled_anew_in_its_place_gets_a_label_of_its_own()
    {
        var data = View(Rows(3));
        var mapper = _mlContext.Transforms.ZeroShot(Classifier, "E").Fit(data).GetRowToRowMapper(data.Schema);
        var input = new RefilledRow(data.Schema, "E");
        input.Fill([1, 0, 0]);
        using var row = mapper.GetRow(input, mapper.OutputSchema.Where(column => column.Name is "Score" or "PredictedLabel"));
        var (label, scores) = (row.GetGetter<ReadOnlyMemory<char>>(row.Schema["PredictedLabel"]), row.GetGetter<VBuffer<float>>(row.Schema["Score"]));
        foreach (var (i, expected) in Labels.Index())
        {
            float[] embedding = [i == 0 ? 1 : 0, i == 1 ? 1 : 0, i == 2 ? 1 : 0];
            input.Fill(embedding);
            var (text, values) = (default(ReadOnlyMemory<char>), default(VBuffer<float>));
            label(ref text);
            scores(ref values);
            Assert.AreEqual(expected, text.ToString());
            Assert.AreSequenceEqual(Classifier.GetProbabilities(embedding), values.DenseValues());
        }
    }

    [TestMethod]
    [DataRow("prototypes.bin", "entry 'prototypes.bin' ends in row 2; expected 3 rows of 3 numbers")]
    [DataRow("zero-shot.json", "entry 'zero-shot.json' cannot be read")]
    public void A_file_that_was_cut_is_refused(string entry, string message)
    {
        var data = View(Rows(3));
        using var file = new MemoryStream();
        _mlContext.Model.Save(_mlContext.Transforms.ZeroShot(Classifier, "E").Fit(data), data.Schema, file);
        using (var zip = new ZipArchive(file, ZipArchiveMode.Update, leaveOpen: true))
        {
            SavedModel.ForgetDigests(zip);
            using var stream = zip.Entries.Single(one => one.Name == entry).Open();
            stream.SetLength(stream.Length - 1);
        }
        file.Position = 0;
        var error = Assert.Throws<Exception>(() => new MLContext().Model.Load(file, out _));
        Assert.Contains(message, error.ToString());
    }

    [TestMethod]
    [DataRow("2000000000", "said to have rows of 2000000000 numbers, more than can be read")]
    [DataRow("4", "entry 'prototypes.bin' ends in row 2; expected 3 rows of 4 numbers")]
    [DataRow("2", "entry 'prototypes.bin' is longer than the 3 rows of 2 numbers")]
    [DataRow("0", "entry 'zero-shot.json' is incomplete")]
    public void A_description_that_does_not_fit_the_prototypes_is_refused(string dimension, string message)
    {
        var data = View(Rows(3));
        using var file = new MemoryStream();
        _mlContext.Model.Save(_mlContext.Transforms.ZeroShot(Classifier, "E").Fit(data), data.Schema, file);
        using (var zip = new ZipArchive(file, ZipArchiveMode.Update, leaveOpen: true))
        {
            SavedModel.ForgetDigests(zip);
            using var stream = zip.Entries.Single(one => one.Name == "zero-shot.json").Open();
            var json = new StreamReader(stream).ReadToEnd();
            Assert.Contains("\"dimension\":3", json);
            stream.SetLength(0);
            stream.Write(System.Text.Encoding.UTF8.GetBytes(json.Replace("\"dimension\":3", $"\"dimension\":{dimension}", StringComparison.Ordinal)));
        }
        file.Position = 0;
        Assert.Contains(message, Assert.Throws<Exception>(() => new MLContext().Model.Load(file, out _)).ToString());
    }

    [TestMethod]
    public void Wrong_arguments_are_refused()
    {
        Assert.ThrowsExactly<ArgumentNullException>(() => _mlContext.Transforms.ZeroShot(null!, "E"));
        Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.ZeroShot(Classifier, " "));
        Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.ZeroShot(Classifier, "E", ""));
        Assert.Contains("both are to be 'S'", Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.ZeroShot(Classifier, "E", "S", "S")).Message);
    }

    private IDataView View(List<Row> rows) => _mlContext.Data.LoadFromEnumerable(rows);

    private static List<Row> Rows(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => new Row
        {
            E = [.. Enumerable.Range(0, Dimension).Select(slot => (slot == i % Dimension ? 1 : 0) + 0.3f * (random.NextSingle() - 0.5f))],
            Label = Labels[i % Dimension],
        })];
    }

    /// <summary>The labels of all cursors of a set, each read by a thread of its own, in the order of the rows.</summary>
    private static List<string> InOrder(IDataView view, int n)
    {
        var set = view.GetRowCursorSet([view.Schema["PredictedLabel"], view.Schema["Score"]], n);
        var (parts, failures) = (new List<(DataViewRowId Id, string Label)>[set.Length], new Exception?[set.Length]);
        using (var all = new Barrier(set.Length))
        {
            var threads = set.Select((cursor, k) => new Thread(() =>
            {
                all.SignalAndWait();
                try
                {
                    parts[k] = Read(cursor);
                }
                catch (Exception exception)
                {
                    failures[k] = exception;
                }
            })).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
        }
        Array.ForEach(set, cursor => cursor.Dispose());
        return Array.Find(failures, failure => failure is not null) is { } first
            ? throw first
            : [.. parts.SelectMany(part => part).OrderBy(row => row.Id.Low).Select(row => row.Label)];
    }

    private static List<(DataViewRowId Id, string Label)> Read(DataViewRowCursor cursor)
    {
        var (getId, getLabel) = (cursor.GetIdGetter(), cursor.GetGetter<ReadOnlyMemory<char>>(cursor.Schema["PredictedLabel"]));
        var getScore = cursor.GetGetter<VBuffer<float>>(cursor.Schema["Score"]);
        var rows = new List<(DataViewRowId, string)>();
        var (id, label, score) = (default(DataViewRowId), default(ReadOnlyMemory<char>), default(VBuffer<float>));
        while (cursor.MoveNext())
        {
            getScore(ref score);
            getLabel(ref label);
            getId(ref id);
            rows.Add((id, label.ToString()));
        }
        return rows;
    }
}
