using System.IO.Compression;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.GentleClip.Weights;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Pictures from files through ML.NET's own loader into the estimator, the saved model and the engine.</summary>
[TestClass]
public sealed class ImageFitTests : IDisposable
{
    private readonly MLContext _mlContext = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public ImageFitTests() => torch.set_num_threads(1);

    public void Dispose() => _folder.Dispose();

    public static IEnumerable<object[]> Networks =>
    [
        [Pictures.ResNet], [Pictures.ViT], [Pictures.ResNet with { TrainableStages = 0 }], [Pictures.ResNet with { TrainableStages = 1 }],
            [Pictures.ViT with { TrainableLayers = 0 }],
    ];

    private sealed class Scored
    {
        public float[] ImageEmbedding { get; set; } = [];
    }

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void ASavedPipelineScoresTheSameFromFiles(ImageEncoderOptions network)
    {
        var rows = Pictures.Mixed(_folder, 12, 6, 5);
        var data = _mlContext.Data.LoadFromEnumerable(rows);
        var model = Load().Append(_mlContext.Transforms.GentleClip(Pictures.Options(network))).Fit(data);
        using var transformer = model.LastTransformer;
        var scored = model.Transform(data);
        var bits = Embeddings.Bits(scored, "ImageEmbedding");
        var embeddings = Embeddings.Column(scored, "ImageEmbedding");
        for (var i = 0; i < rows.Count; i++)
            Assert.AreEqual(i < 18 ? 1 : float.NaN, Embeddings.Dot(embeddings[i], embeddings[i]), 1e-4f, $"row {i}");
        Assert.IsGreaterThan(1e-3f, embeddings[0].Zip(embeddings[1], (x, y) => Math.Abs(x - y)).Max(), "pictures differ");

        using var file = new MemoryStream();
        _mlContext.Model.Save(model, data.Schema, file);
        file.Position = 0;
        var loaded = (TransformerChain<ITransformer>)new MLContext().Model.Load(file, out _);
        using var reloaded = (GentleClipTransformer)loaded.Last();
        Embeddings.AssertEqualBits(bits, Embeddings.Bits(loaded.Transform(data), "ImageEmbedding"));
        Embeddings.AssertEqualBits(Embeddings.Bits(scored, "FeatureEmbedding"), Embeddings.Bits(loaded.Transform(data), "FeatureEmbedding"));
        Assert.AreEqual(Pictures.Images, ((ImageModality)reloaded.ModalityA).Images);
        Assert.AreEqual(network, ((ImageModality)reloaded.ModalityA).Encoder);

        using var engine = _mlContext.Model.CreatePredictionEngine<Pictures.Row, Scored>(loaded, new PredictionEngineOptions { OwnsTransformer = false });
        foreach (var i in new[] { 0, 13, 20 })
        {
            var found = engine.Predict(rows[i]).ImageEmbedding;
            for (var slot = 0; slot < found.Length; slot++)
                Assert.AreEqual(embeddings[i][slot], found[slot], 1e-5f);
        }
    }

    [TestMethod]
    public void EqualSeedsGiveEqualModels()
    {
        var data = Loaded(Pictures.Mixed(_folder, 12, 6, 5));
        using var first = _mlContext.Transforms.GentleClip(Pictures.Options()).Fit(data);
        using var second = _mlContext.Transforms.GentleClip(Pictures.Options()).Fit(data);
        Embeddings.AssertEqualBits(Embeddings.Bits(first.Transform(data), "ImageEmbedding"), Embeddings.Bits(second.Transform(data), "ImageEmbedding"));
    }

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void StepsAndScoringLeaveNoTensors(ImageEncoderOptions network)
    {
        var data = Loaded(Pictures.Mixed(_folder, 12, 6, 5));
        var left = new[] { 1, 1, 6 }.Select(steps =>
        {
            var before = LiveTensors.Settled();
            using (var model = _mlContext.Transforms.GentleClip(Pictures.Options(network, steps)).Fit(data))
            {
                for (var i = 0; i < steps; i++)
                    Embeddings.Column(model.Transform(data), "ImageEmbedding");
            }
            return torch.Tensor.TotalCount - before; // TorchSharp counts a disposed parameter once too often
        }).ToArray();
        LiveTensors.AssertNeverMore(left[1..], "left by 1 step and by 6");
    }

    [TestMethod]
    public void PicturesFindTheirVectors()
    {
        var rows = Pictures.Mixed(_folder, 48, 0, 0);
        var options = Pictures.Options(steps: 120);
        options.ModalityA = Modality.Image("ImageEmbedding", "Image", Pictures.Images with { HorizontalFlip = 0, ColorJitter = 0.05 },
            Pictures.ResNet with { Size = new([1, 1, 1, 1], 8, false) });
        options.Optimizer.LearningRate = 3e-3;
        var data = Loaded(rows);
        using var model = _mlContext.Transforms.GentleClip(options).Fit(data);
        var scored = model.Transform(data);
        var (pictures, vectors) = (Embeddings.Column(scored, "ImageEmbedding"), Embeddings.Column(scored, "FeatureEmbedding"));
        var hits = pictures.Index()
            .Count(
            picture => Enumerable.Range(0, vectors.Length).MaxBy(i => Embeddings.Dot(picture.Item, vectors[i])) % Pictures.Colors
                == picture.Index % Pictures.Colors);
        Assert.IsGreaterThan(36, hits, "of 48; by chance 8");
    }

    [TestMethod]
    public void AMissingFileIsReportedByRowAndPath()
    {
        var rows = Pictures.Mixed(_folder, 12, 0, 0);
        rows[7].Path = "nowhere.png";
        AssertReported(rows, "Row 7, column 'Image': the picture cannot be loaded", "nowhere.png");
    }

    [TestMethod]
    [DataRow("This is no picture.")]
    [DataRow("")]
    public void ACorruptPictureIsReportedByRowAndPath(string content)
    {
        var rows = Pictures.Mixed(_folder, 12, 0, 0);
        File.WriteAllText(_folder.File("5.png"), content);
        AssertReported(rows, "Row 5, column 'Image': the picture cannot be loaded (Path '5.png'): ", "5.png");
    }

    [TestMethod]
    public void AFileCutShortIsReportedByRowAndPath()
    {
        var rows = Pictures.Mixed(_folder, 12, 0, 0);
        File.WriteAllBytes(_folder.File("5.png"), File.ReadAllBytes(_folder.File("5.png"))[..40]);
        AssertReported(rows, "Row 5, column 'Image': the picture cannot be loaded (Path '5.png'): ", "5.png");
    }

    [TestMethod]
    public void EstimatorContractHoldsForPixels()
    {
        var random = new Random(1);
        var data = _mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 20).Select(i => new PixelRow
        {
            Image = i == 4 ? null : [.. Enumerable.Range(0, 3 * 10 * 12).Select(_ => (float)random.Next(256))],
            Features = i == 5 ? null : [random.NextSingle(), i, 1],
        }).ToList());
        EstimatorContract.Check(_mlContext.Transforms.GentleClip(Pictures.Options()), _mlContext, data,
            WrongInput.MissingSide(_mlContext.Transforms.DropColumns("Image").Fit(data).Transform(data), "Image"),
            new(_mlContext.Transforms.CopyColumns("Image", "Title").Fit(data).Transform(data), "Image",
                "expected Image, Vector<Byte> of unknown size (the content of a picture file), or Vector<Single> of known size (other numbers are converted): "
                    +
                "channels x height x width with 1 or 3 channels, or a square of them",
                "String", "String"));
    }

    [TestMethod]
    public void ImageColumnsArePromisedAndOthersRefused()
    {
        var data = Loaded(Pictures.Mixed(_folder, 2, 0, 0));
        var estimator = _mlContext.Transforms.GentleClip(Pictures.Options());
        Assert.IsTrue(estimator.GetOutputSchema(SchemaShapes.Of(data.Schema)).Any(column => column.Name == "ImageEmbedding"));
        var wrong = _mlContext.Transforms.CopyColumns("Image", "Title").Fit(data).Transform(data);
        Assert.Contains("column 'Image': expected Image, Vector<Byte> of unknown size",
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.GetOutputSchema(SchemaShapes.Of(wrong.Schema))).Message);
        Assert.Contains("column 'Image': expected Image, Vector<Byte> of unknown size",
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(wrong)).Message);
    }

    private sealed class PixelRow
    {
        [VectorType(3, 10, 12)]
        public float[]? Image { get; set; }

        [VectorType(3)]
        public float[]? Features { get; set; }

        public string Title { get; set; } = "";
    }

    [TestMethod]
    public void ImagesAndTheirPixelsGiveTheSameEmbeddings()
    {
        var images = Enumerable.Range(0, 6).Select(i => Pictures.Create(i, 20, 20)).ToArray();
        var rows = images.Select((image, i) => new ImageRow { Image = image, Features = [i, 1, -i] }).ToArray();
        var options = Pictures.Options();
        using var model = _mlContext.Transforms.GentleClip(options).Fit(_mlContext.Data.LoadFromEnumerable(rows));
        var pixels = rows.Select(row => new SquareRow { Features = row.Features, Image = Planes(row.Image!) });
        Embeddings.AssertEqualBits(
            Embeddings.Bits(model.Transform(_mlContext.Data.LoadFromEnumerable(rows)), "ImageEmbedding"),
            Embeddings.Bits(model.Transform(_mlContext.Data.LoadFromEnumerable(pixels)), "ImageEmbedding"));
        Array.ForEach(images, image => image.Dispose());

        static byte[] Planes(MLImage image) =>
            [.. new[] { 2, 1, 0 }.SelectMany(channel => Enumerable.Range(0, 400).Select(i => ImagePixels.Of(image).Bytes[i * 4 + channel]))];
    }

    private sealed class ImageRow
    {
        [Transforms.Image.ImageType(20, 20)]
        public MLImage? Image { get; set; }

        [VectorType(3)]
        public float[]? Features { get; set; }
    }

    private sealed class SquareRow
    {
        [VectorType(3, 20, 20)]
        public byte[]? Image { get; set; }

        [VectorType(3)]
        public float[]? Features { get; set; }
    }

    [TestMethod]
    [DataRow("resnet", "resnet18_width8.pth")]
    [DataRow("vit", "vit_tiny.torchvision.pt")]
    public void PretrainedWeightsAreReadByFitAndKeptInTheModel(string network, string file)
    {
        var weights = _folder.File(file);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "data", "golden", "encoders", network, file), weights);
        ImageEncoderOptions encoder = network == "vit"
            ? new ViTOptions { Size = new(8, 2, 32, 4, 64), WeightsFile = weights, TrainableLayers = 0 }
            : new ResNetOptions { Size = new([2, 2, 2, 2], 8, false), WeightsFile = weights, TrainableStages = 0 };
        var options = Pictures.Options();
        options.ModalityA = Modality.Image("ImageEmbedding", "Image", new ImageOptions { Size = 32 }, encoder);
        var data = Loaded(Pictures.Mixed(_folder, 12, 4, 0));
        using var model = _mlContext.Transforms.GentleClip(options).Fit(data);
        File.Delete(weights);
        var saved = _folder.File("model.zip");
        _mlContext.Model.Save(model, data.Schema, saved);
        using var loaded = (GentleClipTransformer)new MLContext().Model.Load(saved, out _);
        Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(data), "ImageEmbedding"), Embeddings.Bits(loaded.Transform(data), "ImageEmbedding"));
        Assert.AreEqual(encoder with { WeightsFile = null }, ((ImageModality)loaded.ModalityA).Encoder, "the file is not named");

        Assert.Contains("The weights file of column 'Image' does not exist",
            Assert.ThrowsExactly<FileNotFoundException>(() => _mlContext.Transforms.GentleClip(options).Fit(data)).Message);
    }

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void ASavedModelsWeightsStartAnother(ImageEncoderOptions network)
    {
        var data = Loaded(Pictures.Mixed(_folder, 12, 0, 0));
        using var model = _mlContext.Transforms.GentleClip(Pictures.Options(network)).Fit(data);
        var (saved, weights) = (_folder.File("model.zip"), _folder.File("weights.safetensors"));
        _mlContext.Model.Save(model, data.Schema, saved);
        using (var zip = ZipFile.OpenRead(saved))
            zip.Entries.Single(entry => entry.Name == "weights.safetensors").ExtractToFile(weights);
        using var generator = new torch.Generator(77);
        var modality = Modality.Image("ImageEmbedding", "Image", Pictures.Images, network with { WeightsFile = weights });
        using var encoder = EncoderKinds.Of(modality).Create(modality, 0, generator);
        encoder.LoadPretrained();
        using var file = WeightFile.Read(weights);
        foreach (var (name, value) in encoder.state_dict())
            Assert.IsTrue(value.allclose(file["tower_a.encoder." + name], 0, 0), name);
    }

    private void AssertReported(List<Pictures.Row> rows, string start, string path)
    {
        var good = Pictures.Mixed(_folder, 0, 0, 0);
        for (var i = 0; i < 12; i++)
            good.Add(new Pictures.Row { Path = i is 5 or 7 ? "0.png" : rows[i].Path, Features = rows[i].Features });
        var options = Pictures.Options();
        var message = Assert.ThrowsExactly<InvalidOperationException>(() => _mlContext.Transforms.GentleClip(options).Fit(Loaded(rows))).Message;
        Assert.StartsWith(start, message);
        Assert.Contains(path, message);
        Assert.DoesNotContain("Mr. Smith", message);

        // In scoring, the rows before it are served first.
        using var model = _mlContext.Transforms.GentleClip(options).Fit(Loaded(good));
        var scored = model.Transform(Loaded(rows));
        var served = 0;
        using var cursor = scored.GetRowCursor([scored.Schema["ImageEmbedding"]]);
        var exception = Assert.ThrowsExactly<InvalidOperationException>(() =>
        {
            while (cursor.MoveNext())
                served++;
        });
        Assert.StartsWith(start, exception.Message);
        Assert.AreEqual(int.Parse(start[4..5], System.Globalization.CultureInfo.InvariantCulture), served);
    }

    private IEstimator<ITransformer> Load() => _mlContext.Transforms.LoadImages("Image", _folder.FullName, "Path");

    private IDataView Loaded(List<Pictures.Row> rows)
    {
        var data = _mlContext.Data.LoadFromEnumerable(rows);
        return Load().Fit(data).Transform(data);
    }
}
