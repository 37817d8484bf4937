namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Text modalities in ML.NET's contract: schemas, absent sides, engines.</summary>
[TestClass]
public sealed class TextContractTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    public TextContractTests() => TorchSharp.torch.set_num_threads(1);

    private static TextEncoderOptions Encoder(bool isBert) => isBert ? Captions.SmallBert : Captions.SmallNGrams;

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void TextBesideFeatures(bool isBert)
    {
        var data = View(Captions.Mixed(12, 8, 7));
        EstimatorContract.Check(_mlContext.Transforms.GentleClip(Captions.Options(Encoder(isBert))), _mlContext, data,
            WrongInput.MissingSide(Without(data, "Text"), "Text"),
            WrongInput.MissingSide(Without(data, "Features"), "Features"),
            new(With(data, _mlContext.Transforms.CopyColumns("Text", "IsPaired")), "Text", "expected String (text)", "Boolean", "Boolean"),
            new(With(data, _mlContext.Transforms.CopyColumns("Text", "Features")), "Text", "expected String (text)", "Vector<Single, 24>", "Vector<Single>"));
    }

    [TestMethod]
    public void TextBesideText()
    {
        var data = With(View(Captions.Pairs(20, 1)), _mlContext.Transforms.Text.NormalizeText("Other", "Text"));
        var options = Captions.Options(Captions.SmallBert);
        options.ModalityB = Modality.Text("OtherEmbedding", "Other", Captions.SmallNGrams);
        EstimatorContract.Check(_mlContext.Transforms.GentleClip(options), _mlContext, data, WrongInput.MissingSide(Without(data, "Other"), "Other"));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void MissingTextBecomesNaNAndAwkwardTextDoesNot(bool isBert)
    {
        using var model = _mlContext.Transforms.GentleClip(Captions.Options(Encoder(isBert))).Fit(View(Captions.Mixed(12, 8, 7)));
        string?[] texts = ["a red car", null, "", " \t\u3000", "\u0000\u0001\n", "😀", "深度学习", "e\u0301\ud83d", new string('x', 10_000),
            string.Concat(Enumerable.Repeat("red car ", 1250)), "\u200b", "[CLS] [SEP] [PAD]"];
        var rows = texts.Select(text => new Captions.Row { Text = text, Features = new float[Captions.Dimension] }).ToList();
        var embeddings = Embeddings.Column(model.Transform(View(rows)), "TextEmbedding");
        for (var i = 0; i < texts.Length; i++)
        {
            if (i is >= 1 and <= 4)
                Assert.IsTrue(Array.TrueForAll(embeddings[i], float.IsNaN), $"row {i}");
            else
                Assert.AreEqual(1, Embeddings.Dot(embeddings[i], embeddings[i]), 1e-5, $"row {i}");
        }
        Assert.IsTrue(Embeddings.Column(model.Transform(View(rows)), "FeatureEmbedding").All(embedding => float.IsFinite(embedding[0])));
    }

    [TestMethod]
    public void APairWithoutTextIsNamed()
    {
        var rows = Captions.Pairs(20, 1);
        rows[7].Text = "\n";
        var options = Captions.Options();
        options.PairedColumnName = "IsPaired";
        Assert.AreEqual("Row 7: column 'IsPaired' says it is a matched pair, but column 'Text' is missing; expected both sides.",
            Assert.ThrowsExactly<InvalidOperationException>(() => _mlContext.Transforms.GentleClip(options).Fit(View(rows))).Message);
    }

    private sealed class Scored
    {
        public float[] TextEmbedding { get; set; } = [];
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void APredictionEngineGivesWhatTransformGives(bool isBert)
    {
        using var model = _mlContext.Transforms.GentleClip(Captions.Options(Encoder(isBert))).Fit(View(Captions.Mixed(12, 8, 7)));
        var rows = Captions.Mixed(9, 3, 3, seed: 8);
        var expected = Embeddings.Column(model.Transform(View(rows)), "TextEmbedding");
        using var engine = _mlContext.Model.CreatePredictionEngine<Captions.Row, Scored>(model, new PredictionEngineOptions { OwnsTransformer = false });
        for (var i = 0; i < rows.Count; i++)
            foreach (var (one, other) in expected[i].Zip(engine.Predict(rows[i]).TextEmbedding))
                Assert.AreEqual(one, other, 1e-5f);
    }

    private IDataView View(List<Captions.Row> rows) => _mlContext.Data.LoadFromEnumerable(rows);

    private IDataView Without(IDataView data, string column) => _mlContext.Transforms.DropColumns(column).Fit(data).Transform(data);

    private static IDataView With(IDataView data, params IEstimator<ITransformer>[] estimators) =>
        estimators.Aggregate(data, (view, estimator) => estimator.Fit(view).Transform(view));
}
