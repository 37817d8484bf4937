using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Tests.Custom;
using Microsoft.ML.GentleClip.Tests.Encoders;
using Microsoft.ML.GentleClip.Tests.Onnx;
using Microsoft.ML.GentleClip.Tests.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Closed forms on what frozen encoders make of texts: alone, beside towers, as teacher; saved, exported, refused.</summary>
[TestClass]
public sealed class FrozenClosedFormTests
{
    private const int Pairs = 30, Texts = 110, Features = 110;
    private static readonly List<Captions.Row> Rows = Captions.Mixed(Pairs, Texts, Features);
    private static readonly BertEncoderOptions Frozen = BertGolden.Options with { WeightsFile = BertGolden.PathOf("bert_tiny.pt"), TrainableLayers = 0 };

    private readonly MLContext _mlContext = new(seed: 1);

    public FrozenClosedFormTests() => set_num_threads(1);

    public TestContext TestContext { get; set; } = null!;

    private IDataView View => _mlContext.Data.LoadFromEnumerable(Rows);

    private sealed class Encoded
    {
        [VectorType(32)]
        public float[]? Text { get; set; }

        [VectorType(Captions.Dimension)]
        public float[]? Features { get; set; }
    }

    [TestMethod]
    public void RecommendedFitsItAloneToTheFeatures()
    {
        var options = Options(Frozen);
        using var model = _mlContext.Transforms.GentleClip(options).Fit(View);
        Assert.AreEqual("the closed form alone, no towers: both modalities are feature vectors or have frozen encoders, and nothing asks for towers",
            model.ClosedForm!.RoleReason);
        Assert.IsFalse(model.Model.HasTowers);
        Assert.IsFalse(
            model.Model.state_dict().Keys.Any(name => name.Contains("head", StringComparison.Ordinal) || name.StartsWith("tower_b", StringComparison.Ordinal)));
        Assert.AreEqual(Texts, model.ClosedForm.UnpairedA);

        // The same closed form of the same numbers in a vector column.
        var encoded = Encode(model, Rows);
        var vectors = options with { ModalityA = Modality.Vector("TextEmbedding", "Text") };
        using var reference = _mlContext.Transforms.GentleClip(vectors).Fit(_mlContext.Data.LoadFromEnumerable(encoded));
        var (expected, found) = (Embeddings.Column(reference.Transform(_mlContext.Data.LoadFromEnumerable(encoded)), "TextEmbedding"),
            Embeddings.Column(model.Transform(View), "TextEmbedding"));
        for (var row = 0; row < Rows.Count; row++)
            for (var slot = 0; slot < expected[row].Length; slot++)
                if (!float.IsNaN(expected[row][slot]))
                    Assert.AreEqual(expected[row][slot], found[row][slot], 1e-5, $"row {row}, slot {slot}");
        Assert.AreEqual(reference.ClosedForm!.Choice!.ToString(), model.ClosedForm.Choice!.ToString());
    }

    [TestMethod]
    public void ValidationPairsAskForTowersBesideIt()
    {
        var options = Options(Frozen);
        options.Validation.Fraction = 0.3;
        (options.MaximumNumberOfSteps, options.Batches.Size) = (4, 32);
        using var model = _mlContext.Transforms.GentleClip(options).Fit(View);
        Assert.AreEqual(ClosedFormRole.BesideTowers, model.Model.Spec.ClosedForm!.Role);
        Assert.IsTrue(model.Model.HasTowers);
        Assert.Contains("validation pairs", model.ClosedForm!.RoleReason!);
    }

    [TestMethod]
    public void ATrainedEncoderGetsTowersOrAReason()
    {
        var options = Options(Frozen with { TrainableLayers = 1 });
        (options.MaximumNumberOfSteps, options.Batches.Size) = (2, 32);
        using (var model = _mlContext.Transforms.GentleClip(options).Fit(View))
            Assert.IsTrue(model.Model.HasTowers);
        options.ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.Alone };
        Assert.AreEqual(
            "The closed form needs feature vectors or a frozen encoder on both sides, but column 'Text' is a TextModality whose encoder is trained.",
            Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.GentleClip(options).Fit(View)).Message);
    }

    [TestMethod]
    [DataRow(ClosedFormRole.Alone)]
    [DataRow(ClosedFormRole.BesideTowers)]
    [DataRow(ClosedFormRole.Teacher)]
    public async Task SavedLoadedAndExportedItGivesTheSame(ClosedFormRole role)
    {
        using var folder = new TemporaryFolder();
        using var model = _mlContext.Transforms.GentleClip(Options(Frozen, role)).Fit(View);
        _mlContext.Model.Save(model, View.Schema, folder.File("model.zip"));
        using var loaded = (GentleClipTransformer)new MLContext().Model.Load(folder.File("model.zip"), out _);
        foreach (var column in new[] { "TextEmbedding", "FeatureEmbedding" })
            Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(View), column), Embeddings.Bits(loaded.Transform(View), column));

        using var session = folder.Export(loaded, "TextEmbedding");
        await OnnxModels.CompareAsync(TestContext, model, session, Captions.Pairs(20, seed: 8).ConvertAll(row => row.Text!), 1, 20);
    }

    [TestMethod]
    public void TheSameSeedGivesTheSameBitsWithAndWithoutPretrainedWeights()
    {
        foreach (var encoder in new[] { Frozen, Captions.SmallBert with { TrainableLayers = 0 } })
            Embeddings.AssertEqualBits(Bits(encoder), Bits(encoder));

        int[][] Bits(BertEncoderOptions encoder)
        {
            using var model = _mlContext.Transforms.GentleClip(Options(encoder, ClosedFormRole.BesideTowers)).Fit(View);
            return Embeddings.Bits(model.Transform(View), "TextEmbedding");
        }
    }

    [TestMethod]
    public void AFrozenNetworkOnVectorsLeavesTheClosedFormTheVectors()
    {
        var options = CustomTraining.Options(6, a: new GatedOptions { IsFrozen = true });
        (options.ClosedForm, options.Validation.Fraction) = (new ClosedFormOptions { Role = ClosedFormRole.BesideTowers }, 0.3);
        using var model = new MLContext(3).Transforms.GentleClip(options).Fit(CustomTraining.Rows);
        Assert.AreEqual(TwoViews.DimensionA, model.Model.ClosedForm!.Dimension(Side.A));
        Assert.IsNotNull(model.History[^1].Validation);
    }

    private static GentleClipOptions Options(BertEncoderOptions encoder, ClosedFormRole? role = null)
    {
        var options = GentleClipOptions.FromPreset(GentleClipPreset.Recommended);
        (options.ModalityA, options.ModalityB) = (Modality.Text("TextEmbedding", "Text", encoder), Modality.Vector("FeatureEmbedding", "Features"));
        (options.Seed, options.NumberOfThreads, options.EmbeddingDimension) = (3, 1, 24);
        if (role is not { } asked)
            return options;
        (options.ClosedForm, options.MaximumNumberOfSteps, options.Batches.Size) = (new ClosedFormOptions { Role = asked }, 4, 32);
        if (asked == ClosedFormRole.Teacher)
            options.Objectives = options.Objectives.With(new KlotObjective());
        return options;
    }

    private static List<Encoded> Encode(GentleClipTransformer model, List<Captions.Row> rows)
    {
        using var scope = NewDisposeScope();
        var binding = ModalityKinds.Bind(model.ModalityA, new MLContext().Data.LoadFromEnumerable(rows).Schema);
        using var store = binding.CreateStore();
        var (view, positions) = (new MLContext().Data.LoadFromEnumerable(rows), new List<int?>());
        using (var cursor = view.GetRowCursor(view.Schema))
        {
            var reader = binding.Open(cursor);
            while (cursor.MoveNext())
            {
                var there = reader.Read() == Presence.Present;
                positions.Add(there ? store.Count : null);
                if (there)
                    store.Add(reader);
            }
        }
        var features = model.Model.TowerA.Features(store.Gather([.. Enumerable.Range(0, store.Count)])).contiguous();
        return [.. rows.Select(
            (row, i) => new Encoded { Text = positions[i] is { } position ? features[position].data<float>().ToArray() : null, Features = row.Features })];
    }
}
