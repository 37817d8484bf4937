using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Tests.Encoders;
using Microsoft.ML.GentleClip.Tests.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Trainings with text: what they learn, pretrained and frozen encoders, continued trainings, repeatability, memory.</summary>
[TestClass]
public sealed class TextFitTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    public TextFitTests() => set_num_threads(1);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void TextsAndFeaturesAlign(bool isBert)
    {
        var options = Captions.Options(isBert ? Captions.SmallBert with { LowerCase = true } : Captions.SmallNGrams, steps: isBert ? 250 : 150);
        options.Optimizer.LearningRate = isBert ? 3e-3 : 5e-3;
        options.EmbeddingDimension = 32;
        using var model = Fit(options, Captions.Mixed(200, 100, 100));
        var test = model.Transform(View(Captions.Pairs(100, seed: 77)));
        var metrics = Operations.Catalog.EvaluateRetrieval(test, "TextEmbedding", "FeatureEmbedding");
        var losses = model.History.Select(epoch => epoch.Losses["contrastive"]).ToArray();
        TestContext.WriteLine($"contrastive loss {losses[0]:F2} to {losses[^1]:F2}; recall@5 {metrics.RecallAt(5):P1}, chance {metrics.ChanceRecallAt(5):P1}");
        Assert.IsLessThan(losses[0] - 0.5, losses[^1], "the loss falls");
        Assert.IsGreaterThan(6 * metrics.ChanceRecallAt(5), metrics.RecallAt(5));
    }

    [TestMethod]
    [DataRow("bert_tiny.pt")]
    [DataRow("bert_tiny.safetensors")]
    [DataRow("bert_tiny.prefixed_gamma_beta.safetensors")]
    public void AFrozenEncoderHasTheFilesWeightsBeforeAndAfter(string file)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var vocabulary = folder.File("vocab.txt");
        File.WriteAllLines(vocabulary, BertGolden.Vocabulary);
        using var model = Fit(Captions.Options(new BertEncoderOptions
        {
            Size = BertGolden.Size,
            WeightsFile = BertGolden.PathOf(file),
            VocabularyFile = vocabulary,
            TrainableLayers = 0,
            MaximumLength = 40,
        }));
        using var reference = BertGolden.Model(ScalarType.Float32);
        var weights = model.Model.state_dict();
        foreach (var (name, expected) in reference.state_dict().Where(entry => !entry.Key.StartsWith("pooler", StringComparison.Ordinal)))
            Esm2Golden.AssertClose(expected, weights["tower_a.encoder.model." + name], 0, name);
        CollectionAssert.AreEqual(BertGolden.Vocabulary.ToArray(), ((BertEncoderOptions)((TextModality)model.ModalityA).Encoder).Vocabulary!.ToArray());
    }

    [TestMethod]
    public void TheLastLayerOfAPretrainedEncoderTrainsAndTheOthersStay()
    {
        using var scope = NewDisposeScope();
        using var model = Fit(Captions.Options(BertGolden.Options with { WeightsFile = BertGolden.PathOf("bert_tiny.pt"), TrainableLayers = 1 }));
        using var reference = BertGolden.Model(ScalarType.Float32);
        var weights = model.Model.state_dict();
        Assert.AreEqual(0, Change("embeddings.word_embeddings.weight"));
        Assert.AreEqual(0, Change("encoder.layer.0.output.dense.weight"));
        Assert.IsGreaterThan(0, Change("encoder.layer.1.output.dense.weight"));

        float Change(string name) => (reference.state_dict()[name] - weights["tower_a.encoder.model." + name]).abs().max().item<float>();
    }

    [TestMethod]
    public void FilesAndSettingsThatDoNotFitAreNamed()
    {
        Assert.AreEqual("The vocabulary file of column 'Text' does not exist: nowhere/vocab.txt.", Missing(new() { VocabularyFile = "nowhere/vocab.txt" }));
        Assert.AreEqual("The weights file of column 'Text' does not exist: nowhere/bert.bin.",
            Missing(BertGolden.Options with { WeightsFile = "nowhere/bert.bin" }));
        Assert.Contains("holds a BERT of 2 layers of 32 for 100 tokens; expected 2 layers of 128", Assert.ThrowsExactly<InvalidDataException>(() =>
            Fit(Captions.Options(BertGolden.Options with { WeightsFile = BertGolden.PathOf("bert_tiny.pt"), Size = BertSize.Tiny }))).Message);
        Assert.Contains("'embeddings.position_embeddings.weight' (shape [512, 32] expected, found [40, 32])", Assert.ThrowsExactly<InvalidDataException>(() =>
            Fit(
                Captions.Options(
                    BertGolden.Options with { WeightsFile = BertGolden.PathOf("bert_tiny.pt"), Size = new BertSize(2, 32, 4, 64, 512) }))).Message);

        string Missing(BertEncoderOptions encoder) => Assert.ThrowsExactly<FileNotFoundException>(() => Fit(Captions.Options(encoder))).Message;
    }

    [TestMethod]
    public void WeightsAndVocabularyOfASavedModelAreUsedAgain()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var first = Fit(Captions.Options(Captions.SmallBert));
        var file = folder.File("weights.safetensors");
        using (var stream = File.Create(file))
            ModelSerializer.WriteWeights(first.Model, stream);
        var learnt = (BertEncoderOptions)((TextModality)first.ModalityA).Encoder;
        Assert.IsGreaterThan(100, learnt.Vocabulary!.Count);
        using var second = Fit(Captions.Options(learnt with { WeightsFile = file, TrainableLayers = 0 }));
        const string name = "tower_a.encoder.model.encoder.layer.1.output.dense.weight";
        Esm2Golden.AssertClose(first.Model.state_dict()[name], second.Model.state_dict()[name], 0);

        using var both = new TwoTowerModel(new TwoTowerSpec(new(first.ModalityA, 0), new(Modality.Text("EB", "B", learnt), 0), 8, 0.07), new Generator(1));
        using (var stream = File.Create(file))
            ModelSerializer.WriteWeights(both, stream);
        Assert.Contains("both towers are a BERT", Assert.ThrowsExactly<InvalidDataException>(() => BertWeightNames.Read(file)).Message);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ATrainingContinuesFromAnotherWithItsVocabulary(bool isBert)
    {
        using var scope = NewDisposeScope();
        var options = Captions.Options(isBert ? Captions.SmallBert : Captions.SmallNGrams, steps: 6);
        using var first = Fit(options);
        options.Optimizer.LearningRate = 1e-9;
        var others = Captions.Mixed(12, 8, 7, seed: 40);
        others.ForEach(row => row.Text = row.Text is null ? null : "new words " + row.Text);
        using var second = _mlContext.Transforms.GentleClip(options).Fit(View(others), initial: first);
        foreach (var (name, value) in first.Model.state_dict())
            Esm2Golden.AssertClose(value, second.Model.state_dict()[name], 1e-6, name);
        Assert.AreEqual(((TextModality)first.ModalityA).Encoder, ((TextModality)second.ModalityA).Encoder);
        if (((TextModality)first.ModalityA).Encoder is BertEncoderOptions learnt) // as many tokens, but others
            Assert.Contains("The vocabulary of column 'Text' is not that of the initial model", Assert.ThrowsExactly<ArgumentException>(() =>
                _mlContext.Transforms.GentleClip(Captions.Options(learnt with { Vocabulary = [.. learnt.Vocabulary!.SkipLast(1), "other"] })).Fit(View(others),
                    initial: first)).Message);
    }

    [TestMethod]
    [DataRow(false, null)]
    [DataRow(true, null)]
    [DataRow(true, 0)]
    public void TheSameSeedGivesTheSameBits(bool isBert, int? layers)
    {
        var options = Captions.Options(isBert ? Captions.SmallBert with { TrainableLayers = layers } : Captions.SmallNGrams);
        Embeddings.AssertEqualBits(Bits(), Bits());

        int[][] Bits()
        {
            using var model = Fit(options);
            return Embeddings.Bits(model.Transform(View(Captions.Pairs(10, 4))), "TextEmbedding");
        }
    }

    [TestMethod]
    [DataRow(false, null)]
    [DataRow(true, null)]
    [DataRow(true, 1)]
    [DataRow(true, 0)]
    public void StepsAndFitsLeaveNoTensorsBehind(bool isBert, int? layers)
    {
        var options = Captions.Options(isBert ? Captions.SmallBert with { TrainableLayers = layers } : Captions.SmallNGrams, steps: 100);
        Fit(Captions.Options(steps: 1)).Dispose();
        var before = LiveTensors.Settled();
        var counts = new List<long>();
        var mlContext = new MLContext(seed: 1);
        mlContext.Log += (_, e) =>
        {
            if (e.Message.Contains("Epoch ", StringComparison.Ordinal))
                counts.Add(Tensor.TotalCount);
        };
        var model = mlContext.Transforms.GentleClip(options).Fit(View(Captions.Mixed(12, 8, 7)));
        Assert.HasCount(5, counts);
        LiveTensors.AssertNeverMore(counts, "live tensors while training");
        var neverUncounted = model.Model.parameters().Count(); // TorchSharp's counter keeps one for each
        model.Dispose();
        LiveTensors.AssertAtMost(before + neverUncounted);
    }

    private GentleClipTransformer Fit(GentleClipOptions options, List<Captions.Row>? rows = null) =>
        _mlContext.Transforms.GentleClip(options).Fit(View(rows ?? Captions.Mixed(12, 8, 7)));

    private IDataView View(List<Captions.Row> rows) => _mlContext.Data.LoadFromEnumerable(rows);
}
