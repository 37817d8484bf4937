using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Search;

[TestClass]
public sealed class ZeroShotClassifierTests
{
    private static readonly string[] Templates = ["a {0} car at night", "the {0} river"];

    private static readonly Lazy<GentleClipTransformer> Model = new(() =>
    {
        var options = Captions.Options(steps: 150);
        options.Optimizer.LearningRate = 5e-3;
        options.EmbeddingDimension = 32;
        return new MLContext(seed: 1).Transforms.GentleClip(options).Fit(View(Captions.Mixed(200, 100, 100)));
    });

    private static readonly MLContext MlContext = new(seed: 1);

    public ZeroShotClassifierTests() => TorchSharp.torch.set_num_threads(1);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void ColoursAndThingsAreFoundFromTheirNamesAlone()
    {
        var test = Captions.Pairs(150, seed: 50);
        test.ForEach(row => row.Text = null);
        foreach (var (labels, truth) in new[] { (Captions.Colours, test.Select(row => row.Colour)), (Captions.Things, test.Select(row => row.Thing)) })
        {
            var scored = Model.Value.ClassifyZeroShot(MlContext, View(test), labels);
            var predicted = scored.GetColumn<string>("PredictedLabel").ToArray();
            var accuracy = predicted.Zip(truth, (one, other) => one == other ? 1.0 : 0).Average();
            TestContext.WriteLine($"zero-shot accuracy over {labels.Length} labels: {accuracy:P1}");
            Assert.IsGreaterThan(3.0 / labels.Length, accuracy);

            var (scores, names) = (scored.GetColumn<float[]>("Score").ToArray(), default(VBuffer<ReadOnlyMemory<char>>));
            scored.Schema["Score"].GetSlotNames(ref names);
            CollectionAssert.AreEqual(labels, names.DenseValues().Select(name => name.ToString()).ToArray());
            for (var i = 0; i < scores.Length; i++)
            {
                Assert.AreEqual(1, scores[i].Sum(), 1e-5);
                Assert.AreEqual(predicted[i], labels[Array.IndexOf(scores[i], scores[i].Max())]);
            }
        }
    }

    [TestMethod]
    public void AgreesWithTheMetricsOnTheSamePrototypes()
    {
        var test = Captions.Pairs(80, seed: 51);
        var view = Model.Value.Transform(View(test));
        var prototypes = Model.Value.Transform(
            View(
                [.. Captions.Colours.SelectMany(colour =>
                    Templates.Select(template => new Captions.Row { Text = string.Format(null, template, colour), Colour = colour }))]));
        var metrics = Operations.Catalog.EvaluateZeroShot(view, "FeatureEmbedding", "Colour", prototypes, "TextEmbedding", "Colour");
        var fromTexts = Model.Value.CreateZeroShotClassifier(Captions.Colours, Templates);
        var fromView = Operations.Catalog.CreateZeroShotClassifier(prototypes, "TextEmbedding", "Colour", fromTexts.Temperature);
        CollectionAssert.AreEqual(Captions.Colours, fromView.Labels.ToArray());
        Assert.AreEqual(Model.Value.History[^1].Temperature, fromTexts.Temperature, 1e-5);
        var embeddings = Embeddings.Column(view, "FeatureEmbedding");
        Assert.AreEqual(metrics.Accuracy, embeddings.Zip(test, (embedding, row) => fromTexts.Classify(embedding) == row.Colour ? 1.0 : 0).Average(), 1e-9);
        foreach (var embedding in embeddings)
            foreach (var (one, other) in fromTexts.GetProbabilities(embedding).Zip(fromView.GetProbabilities(embedding)))
                Assert.AreEqual(one, other, 1e-4f);
    }

    [TestMethod]
    public void PrototypesAreAveragedAndScoresAreTheirSoftmax()
    {
        var prototypes = MlContext.Data.LoadFromEnumerable<Prototype>(
        [
            new() { E = [2, 0, 0], Label = "x" }, new() { E = [0, 0.5f, 0], Label = "x" }, new() { E = [float.NaN, float.NaN, float.NaN], Label = "gone" },
                new() { E = [0, 0, -1], Label = "y" },
        ]);
        var classifier = Operations.Catalog.CreateZeroShotClassifier(prototypes, "E", "Label", temperature: 0.5);
        CollectionAssert.AreEqual(new[] { "x", "y" }, classifier.Labels.ToArray());
        var similarities = classifier.GetSimilarities([3, 3, -3]);
        Assert.AreEqual(2 / Math.Sqrt(6), similarities[0], 1e-6);
        Assert.AreEqual(1 / Math.Sqrt(3), similarities[1], 1e-6);
        Assert.AreEqual(1 / (1 + Math.Exp(2 * (1 / Math.Sqrt(3) - 2 / Math.Sqrt(6)))), classifier.GetProbabilities([3, 3, -3])[0], 1e-6);
        Assert.AreEqual(("x", "y", "x", null), (classifier.Classify([1, 0, 0]), classifier.Classify([0, -1, 0]), classifier.Classify([0, 0, 0]),
            classifier.Classify([float.NaN, 0, 0])));
        Assert.IsTrue(Array.TrueForAll(classifier.GetProbabilities([float.NaN, 0, 0]), float.IsNaN));
        Assert.Contains("The embedding has 2 dimensions; expected 3.", Assert.ThrowsExactly<ArgumentException>(() => classifier.Classify([1, 2])).Message);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Operations.Catalog.CreateZeroShotClassifier(prototypes, "E", "Label", temperature: 0));

        // As columns: absent embeddings keep their rows.
        var rows = MlContext.Data.LoadFromEnumerable<Prototype>([new() { E = [1, 1, 0] }, new() { E = [float.NaN, 1, 0] }, new() { E = null },
            new() { E = [0, 0, -1] }]);
        var scored = MlContext.Transforms.ZeroShot(classifier, "E", "P", "L").Fit(rows).Transform(rows);
        CollectionAssert.AreEqual(new[] { "x", "", "", "y" }, scored.GetColumn<string>("L").ToArray());
        CollectionAssert.AreEqual(new[] { true, false, false, true },
            scored.GetColumn<float[]>("P").Select(scores => scores.Length == 2 && float.IsFinite(scores[0])).ToArray());
        Assert.Contains("both are to be 'S'", Assert.ThrowsExactly<ArgumentException>(() => MlContext.Transforms.ZeroShot(classifier, "E", "S", "S")).Message);
    }

    private sealed class Prototype
    {
        [VectorType(3)]
        public float[]? E { get; set; }

        public string Label { get; set; } = "";
    }

    [TestMethod]
    public void TextsAreEmbeddedAsTheirColumnIs()
    {
        string[] texts = [.. Captions.Pairs(300, 9).Select(row => row.Text!), "", "😀", " \u0001"];
        var expected = Embeddings.Column(Model.Value.Transform(View([.. texts.Select(text => new Captions.Row { Text = text })])), "TextEmbedding");
        var found = Model.Value.EmbedTexts(texts);
        for (var i = 0; i < texts.Length; i++)
            for (var slot = 0; slot < expected[i].Length; slot++)
                Assert.AreEqual(expected[i][slot], found[i][slot], 1e-6f, texts[i]);
        Assert.IsTrue(float.IsNaN(found[300][0]) && float.IsFinite(found[301][0]) && float.IsNaN(found[302][0]));

        // A typed query finds rows of the other modality.
        var rows = Captions.Pairs(200, 60);
        var index = Operations.Catalog.CreateEmbeddingIndex(Model.Value.Transform(View(rows)), "FeatureEmbedding");
        var best = index.Search(Model.Value.EmbedTexts(["a red apple on the beach"])[0], 10);
        TestContext.WriteLine(string.Join("; ", best.Select(match => rows[(int)match.Row].Text)));
        // Of colour, thing and place, twice as many are the query's as among all rows.
        var (among, all) = (best.Average(match => Shared(rows[(int)match.Row])), rows.Average(Shared));
        Assert.IsGreaterThan(2 * all, among, $"{among:F2} words of three, {all:F2} among all rows");

        static double Shared(Captions.Row row) =>
            new[] { "red", "apple", "on the beach" }.Count(words => row.Text!.Contains(words, StringComparison.Ordinal));
    }

    [TestMethod]
    public void WrongLabelsAndModelsAreNamed()
    {
        Refused("There are 0 labels and 1 templates", [], null);
        Refused("There are 1 labels and 0 templates", ["a"], []);
        Refused("Label 1 (counted from 0) is blank.", ["a", " "], null);
        Refused("Label 'a' is there 2 times", ["a", "b", "a"], null);
        Refused("Template 'a picture' lacks {0}", ["a"], ["{0}", "a picture"]);
        Assert.Contains("no modality of text of column 'Other'", Assert.ThrowsExactly<ArgumentException>(() => Model.Value.EmbedTexts(["a"], "Other")).Message);
        using var vectors = MlContext.Transforms.GentleClip(TwoViews.Options(steps: 1)).Fit(MlContext.Data.LoadFromEnumerable(TwoViews.Pairs(10, 1)));
        Assert.Contains("The model has no modality of text; its modalities are VectorModality of column 'A' and VectorModality of column 'B'.",
            Assert.ThrowsExactly<ArgumentException>(() => vectors.EmbedTexts(["a"])).Message);
        vectors.Dispose();

        static void Refused(string message, string[] labels, string[]? templates) =>
            Assert.Contains(message, Assert.ThrowsExactly<ArgumentException>(() => Model.Value.CreateZeroShotClassifier(labels, templates)).Message);
    }

    [TestMethod]
    public void ClassifyingLeavesNoTensors()
    {
        Model.Value.CreateZeroShotClassifier(Captions.Colours);
        var before = LiveTensors.Settled();
        Model.Value.CreateZeroShotClassifier(Captions.Colours, Templates);
        Model.Value.EmbedTexts(["a", "b"]);
        LiveTensors.AssertAtMost(before);
    }

    private static IDataView View(List<Captions.Row> rows) => MlContext.Data.LoadFromEnumerable(rows);
}
