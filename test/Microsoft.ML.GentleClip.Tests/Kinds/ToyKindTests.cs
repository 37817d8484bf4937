using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Tests.Onnx;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Kinds;

/// <summary>
/// A modality and a network of pictures that only this assembly has train, are saved, loaded, scored and exported: besides the two lists nothing in the
/// library knows which there are.
/// </summary>
[TestClass]
public sealed class ToyKindTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static void Add(TestContext _)
    {
        ModalityKinds.Add(new MomentKind());
        EncoderKinds.Add(new MomentEncoderKind());
        EncoderKinds.Add(new DotsKind());
    }

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task TheyTrainAreSavedLoadedScoredAndExported()
    {
        var mlContext = new MLContext(3);
        var data = mlContext.Data.LoadFromEnumerable(Rows(40));
        using var model = mlContext.Transforms.GentleClip(Options()).Fit(data);
        Assert.IsGreaterThan(0.0, model.History[^1].Losses["contrastive"]);

        mlContext.Model.Save(model, data.Schema, _folder.File("model.zip"));
        using var loaded = (GentleClipTransformer)new MLContext().Model.Load(_folder.File("model.zip"), out _);
        Assert.AreEqual(new MomentOptions(6), ((MomentModality)loaded.ModalityA).Encoder);
        Assert.AreEqual(new DotsOptions(Width: 10), ((ImageModality)loaded.ModalityB).Encoder);
        foreach (var column in new[] { "WhenEmbedding", "ImageEmbedding" })
            Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(data), column), Embeddings.Bits(loaded.Transform(data), column));
        var embeddings = Embeddings.Column(model.Transform(data), "WhenEmbedding");
        Assert.IsTrue(embeddings[39].All(float.IsNaN), "a row without a moment");
        Assert.IsFalse(embeddings[0].Any(float.IsNaN));

        DateTime[] moments = [.. Rows(39).Select(row => row.When)];
        using var session = _folder.Export(model, "WhenEmbedding");
        await OnnxModels.CompareAsync(TestContext, model, session, moments, 1, 39);
    }

    [TestMethod]
    public async Task TheNetworkOfPicturesIsExported()
    {
        using var model = OnnxModels.Create(Modality.Image("ImageEmbedding", "Image", Pictures.Images, new DotsOptions()));
        using var session = _folder.Export(model, "ImageEmbedding");
        using var pictures = new DisposableList();
        pictures.AddRange(Enumerable.Range(0, 6).Select(i => Pictures.Create(i % Pictures.Colors, 18 + i, 20)));
        await OnnxModels.CompareAsync(TestContext, model, session, pictures, 1, 6);
    }

    [TestMethod]
    public void ANameInASavedModelMeansOneDescription()
    {
        var kinds = EncoderKinds.All.Select(kind => (kind.SavedName, kind.DescriptionType)).Distinct().ToList();
        Assert.HasCount(kinds.Count, kinds.Select(kind => kind.SavedName).Distinct().ToList());
        Assert.HasCount(kinds.Count, kinds.Select(kind => kind.DescriptionType).Distinct().ToList());
        Assert.IsTrue(kinds.TrueForAll(kind => kind.DescriptionType.IsSubclassOf(typeof(TowerDescription)) && kind.DescriptionType.IsSealed));
        Assert.IsGreaterThan(12, kinds.Count);
    }

    [TestMethod]
    public void AColumnOfAnotherTypeIsRefusedInTheKindsWords()
    {
        var options = Options();
        options.ModalityA = new MomentModality("WhenEmbedding", "Title", new MomentOptions());
        var shape = SchemaShapes.Of(new MLContext().Data.LoadFromEnumerable(Rows(2)).Schema);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new MLContext(3).Transforms.GentleClip(options).GetOutputSchema(shape));
        Assert.Contains("expected DateTime", error.Message);
    }

    private static GentleClipOptions Options() => new()
    {
        ModalityA = new MomentModality("WhenEmbedding", "When", new MomentOptions(6)),
        ModalityB = Modality.Image("ImageEmbedding", "Image", Pictures.Images, new DotsOptions(Width: 10)),
        EmbeddingDimension = 8,
        Batches = new() { Size = 12 },
        MaximumNumberOfSteps = 5,
        NumberOfThreads = 1,
        Seed = 3,
    };

    private static Row[] Rows(int count) => [.. Enumerable.Range(0, count).Select(i => new Row
    {
        When = i == 39 ? default : new DateTime(2024, 1, 1).AddHours(97 * i),
        Image = [.. Enumerable.Range(0, 3 * 16 * 16).Select(pixel => (float)((i * 7 + pixel * (i + 1)) % 256))],
    })];

    private sealed class Row
    {
        public DateTime When { get; set; }

        public string Title { get; set; } = "A picture";

        [VectorType(3, 16, 16)]
        public float[] Image { get; set; } = [];
    }

    private sealed class DisposableList : List<MLImage>, IDisposable
    {
        public void Dispose() => ForEach(image => image.Dispose());
    }
}
