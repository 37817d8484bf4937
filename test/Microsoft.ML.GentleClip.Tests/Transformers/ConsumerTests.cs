using Microsoft.ML.Data;
using static Microsoft.ML.GentleClip.Tests.Transformers.Scoring;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>ML.NET's own operations on top of a scored view.</summary>
[TestClass]
public sealed class ConsumerTests
{
    private const int Rows = 600;

    private static readonly List<TwoViews.Row> Source = Gaps(Rows, withNulls: false);

    private GentleClipTransformer _transformer = null!;
    private IDataView _view = null!;
    private float[][] _a = [];
    private float[][] _b = [];

    [TestInitialize]
    public void Score()
    {
        _transformer = CreateTransformer();
        _view = _transformer.Transform(Load(Source));
        (_a, _b) = (Embeddings.Column(_view, "EmbeddingA"), Embeddings.Column(_view, "EmbeddingB"));
    }

    [TestCleanup]
    public void Dispose() => _transformer.Dispose();

    [TestMethod]
    public void ARowThatIsFilledAnewInItsPlaceGetsAnEmbeddingOfItsOwn()
    {
        var schema = Load(Source).Schema;
        var mapper = _transformer.GetRowToRowMapper(schema);
        var input = new RefilledRow(schema, "A");
        using var row = mapper.GetRow(input, [mapper.OutputSchema["EmbeddingA"]]);
        var getter = row.GetGetter<VBuffer<float>>(row.Schema["EmbeddingA"]);
        for (var i = 0; i < 20; i++)
        {
            VBuffer<float> embedding = default;
            input.Fill(Source[i].A ?? []);
            getter(ref embedding);
            AssertClose(_a[i], [.. embedding.DenseValues()], $"row {i}");
        }
    }

    [TestMethod]
    public void Preview()
    {
        var preview = _view.Preview(maxRows: 300);
        Assert.HasCount(300, preview.RowView);
        for (var i = 0; i < 300; i++)
        {
            var values = preview.RowView[i].Values.ToDictionary(value => value.Key, value => value.Value);
            AssertClose(_a[i], [.. ((VBuffer<float>)values["EmbeddingA"]).DenseValues()], $"row {i}");
            Assert.AreEqual(Source[i].Name, values["Name"].ToString());
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void CreateEnumerable(bool reuseRowObject)
    {
        var i = 0;
        foreach (var row in Context.Data.CreateEnumerable<FullRow>(_view, reuseRowObject))
            AssertRow(i++, row);
        Assert.AreEqual(Rows, i);
        if (!reuseRowObject)
        {
            var kept = Context.Data.CreateEnumerable<FullRow>(_view, reuseRowObject: false).ToList(); // rows outlive their window
            for (i = 0; i < Rows; i++)
                AssertRow(i, kept[i]);
        }
        Assert.AreEqual("row 3", Context.Data.CreateEnumerable<FullRow>(_view, reuseRowObject).Skip(3).First().Name); // left early
    }

    [TestMethod]
    public void SaveAsBinary()
    {
        var file = Path.GetTempFileName();
        try
        {
            using (var stream = File.Create(file))
                Context.Data.SaveAsBinary(_view, stream);
            var loaded = Context.Data.LoadFromBinary(file);
            AssertRows(loaded, Enumerable.Range(0, Rows));
            Embeddings.AssertEqualBits(Embeddings.Bits(_view, "EmbeddingB"), Embeddings.Bits(loaded, "EmbeddingB"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [TestMethod]
    public void ShuffleRows()
    {
        foreach (var shuffleSource in new[] { true, false })
        {
            var order =
                Context.Data.CreateEnumerable<FullRow>(Context.Data.ShuffleRows(_view, seed: 3, shufflePoolSize: 100, shuffleSource), reuseRowObject: false)
                .Select(row => (Row: row, Index: int.Parse(row.Name[4..], System.Globalization.CultureInfo.InvariantCulture))).ToList();
            CollectionAssert.AreEquivalent(Enumerable.Range(0, Rows).ToArray(), order.ConvertAll(entry => entry.Index));
            CollectionAssert.AreNotEqual(Enumerable.Range(0, Rows).ToArray(), order.ConvertAll(entry => entry.Index));
            order.ForEach(entry => AssertRow(entry.Index, entry.Row));
        }
    }

    [TestMethod]
    public void FilterRowsByMissingValues()
    {
        AssertRows(Context.Data.FilterRowsByMissingValues(_view, "EmbeddingA"), Enumerable.Range(0, Rows).Where(i => i % 3 != 2));
        AssertRows(Context.Data.FilterRowsByMissingValues(_view, "EmbeddingA", "EmbeddingB"), Enumerable.Range(0, Rows).Where(i => i % 3 != 2 && i % 5 != 4));
    }

    [TestMethod]
    public void Cache()
    {
        // The cache starts to fill in the background as soon as it is made.
        var before = Passes(_transformer).A;
        var cached = Context.Data.Cache(_view, "EmbeddingA", "Name");
        AssertRows(cached, Enumerable.Range(0, Rows));
        var after = Passes(_transformer).A;
        AssertRows(cached, Enumerable.Range(0, Rows));
        Assert.IsGreaterThan(before, after);
        Assert.AreEqual(after, Passes(_transformer).A, "what is cached is not computed again");
    }

    [TestMethod]
    public void TakeAndSkipRows()
    {
        AssertRows(Context.Data.TakeRows(_view, 300), Enumerable.Range(0, 300));
        AssertRows(Context.Data.SkipRows(_view, 257), Enumerable.Range(257, Rows - 257));
        AssertRows(Context.Data.SkipRows(Context.Data.TakeRows(_view, 400), 399), [399]);
    }

    [TestMethod]
    public void TrainTestSplit()
    {
        var split = Context.Data.TrainTestSplit(_view, testFraction: 0.3, seed: 5);
        var (train, test) = (Indices(split.TrainSet), Indices(split.TestSet));
        Assert.IsGreaterThan(100, test.Count);
        CollectionAssert.AreEquivalent(Enumerable.Range(0, Rows).ToArray(), train.Concat(test).ToArray());
        AssertRows(split.TrainSet, train);
        AssertRows(split.TestSet, test);
        // A split of the scored rows is the split of the rows.
        var plain = Context.Data.TrainTestSplit(Load(Source), testFraction: 0.3, seed: 5);
        CollectionAssert.AreEqual(Indices(plain.TestSet), test);
    }

    [TestMethod]
    [DataRow("Sdca")]
    [DataRow("FastTree")]
    public void TrainersThatReadWithManyThreadsLearnFromEmbeddings(string trainer)
    {
        var context = new MLContext(seed: 1);
        var data = _transformer.Transform(context.Data.LoadFromEnumerable(TwoViews.Pairs(2000, 9)));
        var label = context.Transforms.Conversion.MapValueToKey("Label", "Cluster");
        IEstimator<ITransformer> pipeline = trainer == "Sdca"
            ? label.Append(
                context.MulticlassClassification.Trainers.SdcaMaximumEntropy(
                    new() { FeatureColumnName = "EmbeddingA", NumberOfThreads = 4, MaximumNumberOfIterations = 30 }))
            : label.Append(context.MulticlassClassification.Trainers.OneVersusAll(
                context.BinaryClassification.Trainers.FastTree(
                    new() { FeatureColumnName = "EmbeddingA", NumberOfThreads = 4, NumberOfTrees = 20, NumberOfLeaves = 10 })));
        var model = pipeline.Fit(data);
        var test = _transformer.Transform(context.Data.LoadFromEnumerable(TwoViews.Pairs(500, 10)));
        var accuracy = context.MulticlassClassification.Evaluate(model.Transform(test)).MicroAccuracy;
        Console.WriteLine($"accuracy {accuracy:F3}");
        Assert.IsGreaterThan(0.6, accuracy); // 3 clusters that overlap; chance is near 0.35
    }

    [TestMethod]
    public void AChainWithAClassifierPredictsRowByRowAsItTransforms()
    {
        var context = new MLContext(seed: 1);
        var options = TwoViews.Options(steps: 30);
        options.TrainingRows = TrainingRows.WithA;
        using var model = context.Transforms.GentleClip(options)
            .Append(context.Transforms.Conversion.MapValueToKey("Label", "Cluster"))
            .Append(context.MulticlassClassification.Trainers.SdcaMaximumEntropy(featureColumnName: "EmbeddingA", maximumNumberOfIterations: 10))
            .Append(context.Transforms.Conversion.MapKeyToValue("PredictedCluster", "PredictedLabel"))
            .Fit(context.Data.LoadFromEnumerable(TwoViews.Mixed(60, 60, 60)));
        var rows = Gaps(300, seed: 21);
        var expected = context.Data.CreateEnumerable<Prediction>(model.Transform(context.Data.LoadFromEnumerable(rows)), reuseRowObject: false).ToList();
        using var engine = context.Model.CreatePredictionEngine<TwoViews.Row, Prediction>(model, new PredictionEngineOptions { OwnsTransformer = false });
        for (var i = 0; i < rows.Count; i++)
        {
            var prediction = engine.Predict(rows[i]);
            AssertClose(expected[i].EmbeddingB, prediction.EmbeddingB, $"row {i}");
            if (rows[i].A is not { } a || float.IsNaN(a[0]))
                continue; // no features, so the classifier's answer means nothing
            Assert.AreEqual(expected[i].PredictedCluster, prediction.PredictedCluster, $"row {i}");
            for (var k = 0; k < 3; k++)
                Assert.AreEqual(expected[i].Score[k], prediction.Score[k], 1e-5f, $"row {i}");
        }
        Assert.IsGreaterThan(130, rows.Zip(expected).Count(pair => pair.First.Cluster == pair.Second.PredictedCluster)); // of 200 with A
    }

    private void AssertRows(IDataView view, IEnumerable<int> expected)
    {
        var rows = Context.Data.CreateEnumerable<FullRow>(view, reuseRowObject: false).ToList();
        CollectionAssert.AreEqual(expected.Select(i => $"row {i}").ToArray(), rows.ConvertAll(row => row.Name));
        foreach (var (i, row) in expected.Zip(rows))
            AssertRow(i, row);
    }

    private void AssertRow(int i, FullRow row)
    {
        Assert.AreEqual(Source[i].Name, row.Name);
        Assert.AreEqual(Source[i].Cluster, row.Cluster);
        CollectionAssert.AreEqual(Source[i].A, row.A);
        AssertClose(_a[i], row.EmbeddingA, $"A of row {i}");
        AssertClose(_b[i], row.EmbeddingB, $"B of row {i}");
    }

    private static List<int> Indices(IDataView view) =>
        [.. view.GetColumn<string>("Name").Select(name => int.Parse(name[4..], System.Globalization.CultureInfo.InvariantCulture))];

    internal sealed class FullRow
    {
        public string Name { get; set; } = "";

        public uint Cluster { get; set; }

        public float[] A { get; set; } = [];

        public float[] EmbeddingA { get; set; } = [];

        public float[] EmbeddingB { get; set; } = [];
    }

    internal sealed class Prediction
    {
        public uint PredictedCluster { get; set; }

        public float[] Score { get; set; } = [];

        public float[] EmbeddingB { get; set; } = [];
    }
}
