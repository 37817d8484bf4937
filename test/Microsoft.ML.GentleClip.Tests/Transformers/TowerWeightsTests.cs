using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Weights;
using static Microsoft.ML.GentleClip.Tests.Transformers.Scoring;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>One tower's weights out to a safetensors file and in again.</summary>
[TestClass]
public sealed class TowerWeightsTests
{
    // TorchSharp's counter of live tensors stays one too high for each parameter that was ever made, freed or not; this many for a model.
    private const int Parameters = 17;

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"tower-{Guid.NewGuid():n}.safetensors");

    private readonly IDataView _rows = Load(TwoViews.Pairs(50, 7));

    [TestCleanup]
    public void Delete() => File.Delete(_file);

    [TestMethod]
    [DataRow(false)]
    [DataRow(true, DisplayName = "beside a closed form")]
    public void AModelWithAnothersTowerEmbedsThatSideAsTheOtherDoes(bool hasClosedForm)
    {
        using var first = Fit(seed: 1, hasClosedForm);
        using var second = Fit(seed: 2, hasClosedForm);
        first.SaveTowerWeights(_file, "EmbeddingA");
        var before = LiveTensors.Settled();
        using (var mixed = second.WithTowerWeights(_file, "EmbeddingA"))
        {
            // The pairs alone decide on the closed form, so it is the same in both.
            CollectionAssert.AreEqual(Bits(first, "EmbeddingA"), Bits(mixed, "EmbeddingA"));
            CollectionAssert.AreEqual(Bits(second, "EmbeddingB"), Bits(mixed, "EmbeddingB"));
            CollectionAssert.AreNotEqual(Bits(second, "EmbeddingA"), Bits(mixed, "EmbeddingA"));
            // A copy owns its weights, also when it is saved and loaded.
            using var file = new MemoryStream();
            Context.Model.Save(mixed, _rows.Schema, file);
            using var again = (GentleClipTransformer)Context.Model.Load(file, out _);
            CollectionAssert.AreEqual(Bits(mixed, "EmbeddingA"), Bits(again, "EmbeddingA"));
        }
        LiveTensors.AssertAtMost(before + 2 * Parameters);
    }

    [TestMethod]
    public void TheFileSaysWhatItIsAndIsTheSameEachTime()
    {
        using var model = Fit(seed: 1);
        model.SaveTowerWeights(_file, "EmbeddingB");
        var bytes = File.ReadAllBytes(_file);
        using (var weights = WeightFile.Read(_file))
        {
            Assert.AreEqual("VectorModality", weights.Metadata["modality"]);
            Assert.AreEqual("16", weights.Metadata["embedding_dimension"]);
            Assert.AreEqual("9", weights.Metadata["input_dimension"]);
            CollectionAssert.AreEqual(new long[] { 32, TwoViews.DimensionB }, weights["tower.encoder.layers.0.weight"].shape);
            Assert.IsTrue(weights.ContainsKey("tower.head.projection.weight"));
        }
        model.SaveTowerWeights(_file, "EmbeddingB");
        CollectionAssert.AreEqual(bytes, File.ReadAllBytes(_file));
    }

    [TestMethod]
    public void WhatDoesNotFitIsRefusedAndTheModelStays()
    {
        using var model = Fit(seed: 1);
        var bits = Bits(model, "EmbeddingB");
        model.SaveTowerWeights(_file, "EmbeddingA");
        var before = LiveTensors.Settled();
        var misfit = Assert.ThrowsExactly<InvalidDataException>(() => model.WithTowerWeights(_file, "EmbeddingB"));
        Assert.Contains("'encoder.layers.0.weight' (shape [32, 9] expected, found [32, 12])", misfit.Message);
        Assert.Contains(_file, misfit.Message);

        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => model.SaveTowerWeights(_file, "Embedding")).Message,
            "expected 'EmbeddingA' or 'EmbeddingB'");
        Assert.ThrowsExactly<FileNotFoundException>(() => model.WithTowerWeights(_file + ".none", "EmbeddingB"));
        File.WriteAllBytes(_file, File.ReadAllBytes(_file)[..^5]);
        Assert.ThrowsExactly<InvalidDataException>(() => model.WithTowerWeights(_file, "EmbeddingA"));
        using (var foreign = rand(2, 3))
        using (var stream = File.Create(_file))
            SafetensorsWriter.Write(stream, new Dictionary<string, Tensor> { ["layer.weight"] = foreign });
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => model.WithTowerWeights(_file, "EmbeddingA")).Message, "found 'layer.weight'");
        LiveTensors.AssertAtMost(before + 4 * Parameters);
        CollectionAssert.AreEqual(bits, Bits(model, "EmbeddingB"));
    }

    [TestMethod]
    public void AClosedFormHasNoTowersAndADisposedModelNoWeights()
    {
        var options = GentleClipOptions.FromPreset(GentleClipPreset.ClosedForm);
        (options.ModalityA, options.ModalityB, options.EmbeddingDimension) = (Modality.Vector("EmbeddingA", "A"), Modality.Vector("EmbeddingB", "B"), 16);
        var model = Context.Transforms.GentleClip(options).Fit(Load(TwoViews.Pairs(40, 1)));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => model.SaveTowerWeights(_file, "EmbeddingA")).Message, "without towers");
        Assert.IsFalse(File.Exists(_file));
        model.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => model.SaveTowerWeights(_file, "EmbeddingA"));
        Assert.ThrowsExactly<ObjectDisposedException>(() => model.WithTowerWeights(_file, "EmbeddingA"));
    }

    [TestMethod]
    [DataRow("n-grams")]
    [DataRow("BERT")]
    [DataRow("ESM-2")]
    [DataRow("CDConv")]
    [DataRow("ResNet")]
    [DataRow("ViT")]
    public void EveryEncoderGoesOutAndInAgain(string encoder)
    {
        string[] texts = ["MKVLAAGIT", "ACDEFGHIKLMN", "a red flower"];
        switch (encoder)
        {
            case "n-grams":
                RoundTrip(Modality.Text("EmbeddingA", "A", Captions.SmallNGrams), texts);
                break;
            case "BERT":
                RoundTrip(Modality.Text("EmbeddingA", "A",
                    Captions.SmallBert with { Vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "flower"] }), texts);
                break;
            case "ESM-2":
                RoundTrip(Modality.ProteinSequence("EmbeddingA", "A", Proteins.SmallSequence), texts[..2]);
                break;
            case "CDConv":
                RoundTrip(Modality.ProteinStructure("EmbeddingA", "A", encoder: Proteins.SmallStructure),
                    [.. Proteins.Pieces(3, 20).Select(row => new AlphaCarbonTrace(row.AlphaCarbons))]);
                break;
            default:
                var images = Enumerable.Range(0, 3).Select(i => Pictures.Create(i, 20, 24)).ToArray();
                RoundTrip(Modality.Image("EmbeddingA", "A", Pictures.Images, encoder == "ViT" ? Pictures.ViT : Pictures.ResNet), images);
                Array.ForEach(images, image => image.Dispose());
                break;
        }
    }

    [TestMethod]
    public void AnExportedSequenceTowerStartsAnotherTraining()
    {
        var size = new Esm2Size(1, 16, 2);
        var rows = Context.Data.LoadFromEnumerable(
            Enumerable.Range(0, 12)
                .Select(i => new SequenceRow { Sequence = "MKVLAAGIT"[(i % 4)..] + new string("ACDEFGHIKLMN"[i], 3 + i), Features = [i, i * i, 1, 12 - i] }));
        GentleClipTransformer FitSequences(Esm2Options encoder) => Context.Transforms.GentleClip(new GentleClipOptions
        {
            ModalityA = Modality.ProteinSequence("SequenceEmbedding", "Sequence", encoder),
            ModalityB = Modality.Vector("FeatureEmbedding", "Features"),
            EmbeddingDimension = 8,
            Batches = new() { Size = 8 },
            MaximumNumberOfSteps = 2,
            NumberOfThreads = 1,
        }).Fit(rows);
        using var trained = FitSequences(new Esm2Options { Size = size });
        trained.SaveTowerWeights(_file, "SequenceEmbedding");
        // Frozen, so that the network stays what the file says.
        using var started = FitSequences(new Esm2Options { Size = size, WeightsFile = _file, TrainableLayers = 0 });
        const string name = "encoder.model.layers.0.fc1.weight";
        using var expected = WeightFile.Read(_file);
        Assert.IsTrue(started.Use(model =>
        {
            using var scope = NewDisposeScope();
            return model.TowerA.state_dict()[name].eq(expected["tower." + name]).all().item<bool>();
        }));
    }

    // Other weights first, the file's afterwards; the file is one of the other tower's too if the sides are mixed up.
    private void RoundTrip<TInput>(Modality modality, TInput[] inputs)
    {
        using var first = Create(1);
        using var second = Create(2);
        first.SaveTowerWeights(_file, "EmbeddingA");
        using (var third = second.WithTowerWeights(_file, "EmbeddingA"))
        {
            CollectionAssert.AreEqual(Embed(first), Embed(third));
            CollectionAssert.AreNotEqual(Embed(second), Embed(third));
            third.SaveTowerWeights(_file + ".again", "EmbeddingA");
        }
        var again = File.ReadAllBytes(_file + ".again");
        File.Delete(_file + ".again");
        CollectionAssert.AreEqual(File.ReadAllBytes(_file), again);

        GentleClipTransformer Create(ulong seed)
        {
            using var generator = new Generator(seed);
            var other = Modality.Vector("EmbeddingB", "B", new VectorEncoderOptions { HiddenDimensions = [] });
            var spec = new TwoTowerSpec(new(modality, 0), new(other, 3), EmbeddingDimension: 16, Temperature: 0.07);
            return new(new FittedModel(new TwoTowerModel(spec, generator), 1, TrainingRows.All, []), CPU);
        }

        float[] Embed(GentleClipTransformer model) =>
            [.. model.CreateEmbeddingGenerator<TInput>("A").GenerateAsync(inputs).GetAwaiter().GetResult().SelectMany(embedding => embedding.Vector.ToArray())];
    }

    private static GentleClipTransformer Fit(int seed, bool hasClosedForm = false)
    {
        var options = TwoViews.Options(steps: 5);
        options.Seed = seed;
        if (hasClosedForm)
            options.ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.BesideTowers };
        return Context.Transforms.GentleClip(options).Fit(Load(TwoViews.Pairs(60, 1)));
    }

    private int[] Bits(GentleClipTransformer model, string column) =>
        [.. Embeddings.Column(model.Transform(_rows), column).SelectMany(row => row).Select(BitConverter.SingleToInt32Bits)];

    private sealed class SequenceRow
    {
        public string Sequence { get; init; } = "";

        [Microsoft.ML.Data.VectorType(4)]
        public float[] Features { get; init; } = [];
    }
}
