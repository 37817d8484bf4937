using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>What is said of columns that are not there, or whose rows are not what the schema says: the same words wherever they are met.</summary>
[TestClass]
public sealed class ColumnMessageTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    private sealed class Misspelt
    {
        [VectorType(TwoViews.DimensionA)]
        public float[]? a { get; set; }

        [VectorType(TwoViews.DimensionB)]
        public float[]? B { get; set; }

        public bool IsPaired { get; set; }
    }

    private sealed class Prediction
    {
        public float[] EmbeddingA { get; set; } = [];
    }

    [TestMethod]
    public void AMissingColumnIsAnsweredByThoseThereAreAndTheNearest()
    {
        const string expected = "Could not find input column 'A'. Did you mean 'a'? Columns: a, B, IsPaired.";
        using var model = _mlContext.Transforms.GentleClip(TwoViews.Options(steps: 2)).Fit(_mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(10, seed: 1)));
        var (loaded, _) = EstimatorContract.SaveAndLoad(_mlContext, model, null!);
        using var disposal = (IDisposable)loaded;
        var wrong = _mlContext.Data.LoadFromEnumerable([new Misspelt(), new Misspelt()]);
        var estimator = _mlContext.Transforms.GentleClip(TwoViews.Options(steps: 2));
        Action[] uses =
        [
            () => estimator.GetOutputSchema(SchemaShapes.Of(wrong.Schema)),
            () => estimator.Fit(wrong),
            () => estimator.Append(_mlContext.Transforms.NormalizeMinMax("EmbeddingA")).Fit(wrong),
            () => model.Transform(wrong),
            () => loaded.Transform(wrong),
            () => model.GetRowToRowMapper(wrong.Schema),
            () => _mlContext.Model.CreatePredictionEngine<Misspelt, Prediction>(model),
            () => _mlContext.Model.CreatePredictionEngine<Misspelt, Prediction>(loaded),
        ];
        foreach (var use in uses)
            StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentOutOfRangeException>(use).Message, expected);
    }

    [TestMethod]
    public void SoIsAMissingColumnOfOtherKinds()
    {
        var data = _mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(10, seed: 1));
        var options = TwoViews.Options(steps: 2);
        options.PairedColumnName = "Paired";
        AssertSaid<ArgumentOutOfRangeException>("Could not find paired column 'Paired'. Did you mean 'IsPaired'? Columns: A, B, IsPaired, Cluster, Name.",
            () => _mlContext.Transforms.GentleClip(options).Fit(data));
        AssertSaid<ArgumentOutOfRangeException>("Could not find input column 'zzzz'. Columns: A, B, IsPaired, Cluster, Name.",
            () => _mlContext.GentleClip().AnalyzeSamplingSize(data, "zzzz"));
        AssertSaid<ArgumentException>("There is no embedding column 'EmbeddingA'. Columns: A, B, IsPaired, Cluster, Name.",
            () => Operations.Catalog.EvaluateRetrieval(data, "EmbeddingA", "EmbeddingB", k: [1]));
        AssertSaid<ArgumentException>("There is no label column 'Clusters'. Did you mean 'Cluster'?",
            () => Operations.Catalog.EvaluateLabelTransfer(data, "A", "A", "Clusters"));
    }

    [TestMethod]
    public void OfManyColumnsTheNearestAreNamed()
    {
        var wide = _mlContext.Data.LoadFromEnumerable([new Misspelt()]);
        for (var i = 0; i < 60; i++)
            wide = _mlContext.Transforms.CopyColumns($"Copy{i}", "B").Fit(wide).Transform(wide);
        var message = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _mlContext.Transforms.GentleClip(TwoViews.Options(steps: 2)).Fit(wide)).Message;
        Assert.Contains("Did you mean 'a'?", message);
        Assert.Contains(" and 33 more.", message);
        Assert.IsLessThan(600, message.Length);
    }

    [TestMethod]
    [DataRow("Vector")]
    [DataRow("Pixels")]
    public void AVectorThatIsNotAsLongAsItsColumnIsNamedWithRowAndColumn(string kind)
    {
        var options = TwoViews.Options(steps: 2);
        if (kind == "Pixels")
            options.ModalityB = Modality.Image("EmbeddingB", "B", new ImageOptions { Size = 8 });
        var rows = TwoViews.Pairs(10, seed: 1);
        rows.ForEach(row => row.B = Array.ConvertAll(row.B!, value => Math.Abs(value % 100)));
        var good = _mlContext.Data.LoadFromEnumerable(rows);
        using var model = _mlContext.Transforms.GentleClip(options).Fit(good);
        var (loaded, _) = EstimatorContract.SaveAndLoad(_mlContext, model, good.Schema);
        using var disposal = (IDisposable)loaded;
        var bad = rows.Select(row => new TwoViews.Row { A = row.A, B = row.B, IsPaired = true }).ToList();
        bad[3].B = [1, 2, 3, 4];
        var view = _mlContext.Data.LoadFromEnumerable(bad);
        const string expected = "Row 3, column 'B': the vector has 4 slots; expected 9, as the column's type says, or none for a sample that is absent.";
        foreach (var use in new Action[]
        {
            () => _mlContext.Transforms.GentleClip(options).Fit(view),
            () => Embeddings.Column(model.Transform(view), "EmbeddingB"),
            () => Embeddings.Column(loaded.Transform(view), "EmbeddingB"),
        })
            Assert.AreEqual(expected, Assert.ThrowsExactly<InvalidOperationException>(use).Message);
        using var engine = _mlContext.Model.CreatePredictionEngine<TwoViews.Row, Prediction>(model);
        Assert.IsTrue(engine.Predict(bad[3]).EmbeddingA.All(float.IsFinite), "a side that nobody asked for is not read");
    }

    [TestMethod]
    public void MeasuresNameRowAndColumnToo()
    {
        var rows = TwoViews.Pairs(10, seed: 1);
        rows[6].A = [1, 2];
        var view = _mlContext.Data.LoadFromEnumerable(rows);
        const string expected = "Row 6, column 'A': the vector has 2 slots; expected 12, as the column's type says, or none for a sample that is absent.";
        foreach (var use in new Action[]
        {
            () => Operations.Catalog.EvaluateRetrieval(view, "A", "A", k: [1]),
            () => Operations.Catalog.CreateEmbeddingIndex(view, "A"),
            () => _mlContext.GentleClip().AnalyzeSamplingSize(view, "A"),
        })
            Assert.AreEqual(expected, Assert.ThrowsExactly<InvalidOperationException>(use).Message);
    }

    private static void AssertSaid<TException>(string expected, Action use) where TException : Exception =>
        StringAssert.StartsWith(Assert.ThrowsExactly<TException>(use).Message, expected);
}
