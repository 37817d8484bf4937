using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.GentleClip.Tests.Onnx;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>Views that have the input column of one side only: the other embedding is missing, and nobody makes up a column.</summary>
[TestClass]
public sealed class OneSideTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly List<TwoViews.Row> Test = TwoViews.Pairs(300, 8);
    private static readonly IDataView Both = Context.Data.LoadFromEnumerable(Test);
    private static readonly IDataView OnlyA = Context.Data.LoadFromEnumerable(Test.Select(row => new ARow { A = row.A! }));

    [TestMethod]
    public void TheOtherEmbeddingIsMissingAndItsOwnAsAlways()
    {
        var context = new MLContext(1);
        var log = new ContextLog(context);
        using var model = context.Transforms.GentleClip(TwoViews.Options(20)).Fit(context.Data.LoadFromEnumerable(TwoViews.Mixed(60, 40, 40)));
        log.Clear();
        var schema = model.GetOutputSchema(OnlyA.Schema);
        Assert.AreSequenceEqual(["A", "EmbeddingA", "EmbeddingB"], schema.Select(column => column.Name).ToArray());
        Assert.IsEmpty(log.Warnings);
        var view = model.Transform(OnlyA);
        Assert.AreEqual("The rows have no column 'B', so 'EmbeddingB' is missing (NaN) in each. Columns: A.", log.Warnings.Single());
        Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(Both), "EmbeddingA"), Embeddings.Bits(view, "EmbeddingA"));
        Assert.IsTrue(Embeddings.Column(view, "EmbeddingB").All(row => row.Length == 16 && row.All(float.IsNaN)));
        Assert.AreEqual(model.GetOutputSchema(Both.Schema)["EmbeddingB"].Type, view.Schema["EmbeddingB"].Type);
        // A column that is there must be right, and one must be there.
        Assert.Contains("Schema mismatch for input column 'B'", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            model.Transform(Context.Transforms.CopyColumns("B", "Name").Fit(Both).Transform(Both))).Message);
        // Nearly the right name is a mistake, and no view of the other side.
        Assert.Contains("Could not find input column 'B'. Did you mean 'b'?", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            model.Transform(Context.Transforms.CopyColumns("b", "A").Fit(OnlyA).Transform(OnlyA))).Message);
        Assert.Contains("Could not find input column 'A'", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            model.Transform(Context.Data.LoadFromEnumerable([new { C = 1f }]))).Message);
    }

    [TestMethod]
    public void PipelinesSavedFilesAndPredictionEngines()
    {
        using var folder = new TemporaryFolder();
        var train = Context.Data.LoadFromEnumerable(TwoViews.Mixed(60, 40, 40));
        var pipeline = Context.Transforms.GentleClip(TwoViews.Options(20)).Append(Context.Transforms.CopyColumns("Features", "EmbeddingA"));
        var model = pipeline.Fit(train);
        Context.Model.Save(model, train.Schema, folder.File("model.zip"));
        var context = new MLContext();
        var log = new ContextLog(context);
        var loaded = context.Model.Load(folder.File("model.zip"), out _);
        var expected = Embeddings.Bits(model.Transform(Both), "EmbeddingA");
        Embeddings.AssertEqualBits(expected, Embeddings.Bits(loaded.Transform(OnlyA), "Features"));
        Assert.IsTrue(log.Warnings.Any(warning => warning.Contains("no column 'B'", StringComparison.Ordinal)), string.Join('\n', log.Warnings));

        using var engine = context.Model.CreatePredictionEngine<ARow, Found>(loaded, new PredictionEngineOptions { OwnsTransformer = false });
        var found = engine.Predict(new ARow { A = Test[3].A! });
        CollectionAssert.AreEqual(Embeddings.Column(model.Transform(Context.Data.LoadFromEnumerable([Test[3]])), "EmbeddingA")[0], found.EmbeddingA);
        Assert.IsTrue(found.EmbeddingB.All(float.IsNaN));
        Assert.HasCount(16, found.EmbeddingB);
        (loaded as IDisposable)?.Dispose();
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void OnnxGraphsOfOneSideGiveWhatTransformGives(bool closedForm)
    {
        var options = TwoViews.Options(20);
        options.ClosedForm = closedForm ? new ClosedFormOptions { Role = ClosedFormRole.Alone } : null;
        var model = Context.Transforms.GentleClip(options).Fit(Context.Data.LoadFromEnumerable(TwoViews.Mixed(60, 40, 40)));
        var rows = Context.Data.TakeRows(OnlyA, 30);
        var file = Pipelines.Convert(model, rows);
        using (var session = new OnnxRuntime.InferenceSession(file))
            CollectionAssert.AreEquivalent(new[] { "A" }, session.InputMetadata.Keys.ToArray());
        Pipelines.Compare(TestContext, file, rows, model.Transform(rows), "EmbeddingA", "EmbeddingB");
    }

    [TestMethod]
    public void ATextSideThatIsNotThereDoesNotForbidTheExportOfTheOther()
    {
        var options = TwoViews.Options(4);
        options.ModalityB = Modality.Text("EmbeddingB", "Name", Captions.SmallNGrams);
        var model = Context.Transforms.GentleClip(options).Fit(Context.Data.LoadFromEnumerable(TwoViews.Pairs(80, 3)));
        var rows = Context.Data.TakeRows(OnlyA, 10);
        Pipelines.Compare(TestContext, Pipelines.Convert(model, rows), rows, model.Transform(rows), "EmbeddingA");
    }

    public TestContext TestContext { get; set; } = null!;

    private sealed class ARow
    {
        [VectorType(TwoViews.DimensionA)]
        public float[] A { get; set; } = [];
    }

    private sealed class Found
    {
        public float[] EmbeddingA { get; set; } = [];

        public float[] EmbeddingB { get; set; } = [];
    }
}
