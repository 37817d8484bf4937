using System.Text.Json;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Tests.Onnx;
using Microsoft.ML.GentleClip.Tests.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

/// <summary>The light encoder of protein sequences: its statistics, its ways out, and what it learns.</summary>
[TestClass]
public sealed class ProteinWindowTests : IDisposable
{
    private static readonly MLContext Context = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void SharesAndPairsAreThoseCountedByHand()
    {
        var profile = Profile("AAKD");
        Assert.AreEqual(0.5f, profile[0], "A");
        Assert.AreEqual(0.25f, profile["ACDEFGHIKLMNPQRSTVWY".IndexOf('K', StringComparison.Ordinal)], "K");
        // Groups: small 0, positive 4, negative 5. One place apart: small-small, small-positive, positive-negative.
        foreach (var (first, second) in new[] { (0, 0), (0, 4), (4, 5) })
            Assert.AreEqual(1 / 3f, profile[20 + 8 * first + second], 1e-6f);
        Assert.AreEqual(1f, profile[20..84].Sum(), 1e-6f);
        // Three places apart: small-negative alone; four: none.
        Assert.AreEqual(1f, profile[20 + 2 * 64 + 5], 1e-6f);
        Assert.IsTrue(profile[(20 + 3 * 64)..(20 + 4 * 64)].All(share => share == 0));
        // Hydropathy of A, A, K, D, standardised, next to each other.
        double[] hydropathy = [1.8, 2.5, -3.5, -3.5, 2.8, -0.4, -3.2, 4.5, -3.9, 3.8, 1.9, -3.5, -1.6, -3.5, -4.5, -0.8, -0.7, 4.2, -0.9, -1.3];
        var (mean, deviation) = (hydropathy.Average(), Math.Sqrt(hydropathy.Average(x => x * x) - Math.Pow(hydropathy.Average(), 2)));
        double[] track = [.. new[] { 1.8, 1.8, -3.9, -3.5 }.Select(value => (value - mean) / deviation)];
        Assert.AreEqual(Enumerable.Range(0, 3).Average(i => track[i] * track[i + 1]), profile[20 + 256], 1e-5);
        Assert.IsTrue(profile[(20 + 256 + 60)..].All(share => share == 0), "too short for a window");
    }

    [TestMethod]
    public void WindowsAreSharesAndUnknownLettersCountForNothing()
    {
        foreach (var row in Proteins.Chains(20))
        {
            var profile = Profile(row.Sequence!);
            Assert.HasCount(382, profile);
            Assert.IsTrue(profile.All(float.IsFinite));
            for (var signal = 0; signal < 3; signal++)
                Assert.AreEqual(1f, profile[(336 + 10 * signal)..(346 + 10 * signal)].Sum(), 1e-4f);
            for (var moment = 0; moment < 2; moment++)
                Assert.AreEqual(1f, profile[(366 + 8 * moment)..(374 + 8 * moment)].Sum(), 1e-4f);
        }
        Assert.IsTrue(Profile("XXX<mask>BZ.-").All(share => share == 0), "no residue that is known");
        CollectionAssert.AreEqual(Profile("MKVL")[..20], Profile("MKXVL")[..20], "shares are of the known residues");
        // A helix whose one side is hydrophobic has a high moment at 100 degrees, and the same letters in another order do not.
        var helix = Profile("LKKLLKKLLKKLKKLLKKLL");
        Assert.IsGreaterThan(0.5f, helix[371..374].Sum());
        Assert.IsLessThan(0.3f, Profile("LLLLLLLLLLKKKKKKKKKK")[371..374].Sum());
    }

    [TestMethod]
    [DataRow(true, 2)]
    [DataRow(false, 2)]
    [DataRow(true, 0)]
    public async Task TheGraphGivesWhatTheEncoderGives(bool keepStatistics, int layers)
    {
        var options = new ProteinWindowOptions { HiddenDimensions = [.. new[] { 32, 16 }.Take(layers)], KeepStatistics = keepStatistics };
        using var transformer = OnnxModels.Create(Modality.ProteinSequence("Embedding", "Sequence", options));
        using var session = _folder.Export(transformer, "Embedding");
        List<string> sequences = [.. Proteins.Chains(24).Select(row => row.Sequence!), "M", "AX", "MK<mask>V", "<mask><mask>", "M K V<unk>.-BZUO"];
        await OnnxModels.CompareAsync(TestContext, transformer, session, sequences, 1, 6, 29);
    }

    [TestMethod]
    public void ItIsTheDefaultIsSavedAndLearns()
    {
        var rows = Proteins.Chains(140);
        var view = Context.Data.LoadFromEnumerable(rows);
        var options = Proteins.Options(steps: 60);
        options.ModalityA = Modality.ProteinSequence("SequenceEmbedding", "Sequence").WithFeatures("SequenceFeatures");
        options.ClosedForm = null;
        Assert.IsInstanceOfType<ProteinWindowOptions>(((ProteinSequenceModality)options.ModalityA).Encoder);
        using var model = Context.Transforms.GentleClip(options).Fit(view);
        Assert.IsLessThan(model.History[0].Losses["total"], model.History[^1].Losses["total"]);
        Context.Model.Save(model, view.Schema, _folder.File("model.zip"));
        using var loaded = (GentleClipTransformer)Context.Model.Load(_folder.File("model.zip"), out _);
        var (expected, found) = (Embeddings.Column(model.Transform(view), "SequenceFeatures"), Embeddings.Column(loaded.Transform(view), "SequenceFeatures"));
        Assert.HasCount(256 + ProteinProfile.Count, expected[0]);
        for (var i = 0; i < expected.Length; i++)
            CollectionAssert.AreEqual(expected[i], found[i], $"row {i}");
    }

    /// <summary>Behind the layers' output stand the standardised statistics, each in its place; the layers are those of an encoder without them.</summary>
    [TestMethod]
    public void TheFeaturesHoldTheStatistics()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        string[] sequences = [.. Proteins.Chains(40).Select(row => row.Sequence!)];
        var profiles = stack(sequences.Select(sequence => tensor(Profile(sequence))));
        var (mean, scale) = (profiles.mean([0]), 1 / (profiles.std(0, unbiased: false) + 0.01f));
        using var beside = Create(keepStatistics: true);
        using var only = Create(keepStatistics: false);
        var batch = new SequenceBatch([.. new[] { 3, 0, 17 }.Select(i => (ReadOnlyMemory<byte>)Esm2Alphabet.Encode(sequences[i]))]);
        var (features, layers) = (beside.Encode(batch, noise: null), only.Encode(batch, noise: null));
        Assert.AreEqual((24L + ProteinProfile.Count, 24L), (features.shape[1], layers.shape[1]));
        Assert.IsTrue(features[.., ..24].equal(layers).all().item<bool>(), "the layers' output");
        Assert.IsTrue(((profiles[tensor([3L, 0, 17])] - mean) * scale).equal(features[.., 24..]).all().item<bool>(), "the statistics");
        Assert.IsGreaterThan(0.2f, features[.., 24..].std(0).mean().item<float>());

        // In training both paths have the same noise: the statistics are those that the layers saw.
        using var generator = new Generator(4);
        var noisy = beside.Encode(batch, new NoiseSource(generator));
        Assert.IsGreaterThan(0.1f, (noisy[.., 24..] - features[.., 24..]).abs().mean().item<float>());
        Assert.IsGreaterThan(0.1f, noisy[.., 24..].eq(0).to(ScalarType.Float32).mean().item<float>(), "masked");

        ProteinWindowEncoder Create(bool keepStatistics)
        {
            using var random = new Generator(2);
            var encoder = new ProteinWindowEncoder(new ProteinWindowOptions { HiddenDimensions = [24], KeepStatistics = keepStatistics }, random);
            encoder.state_dict()["network.input_mean"].copy_(mean);
            encoder.state_dict()["network.input_scale"].copy_(scale);
            return encoder;
        }
    }

    /// <summary>Where a saved model says nothing of the statistics they are not there, and today's default changes none of its bits.</summary>
    [TestMethod]
    public void OldDescriptionsHaveOnlyTheLayers()
    {
        var modality = Modality.ProteinSequence("E", "S", new ProteinWindowOptions { HiddenDimensions = [8] });
        var json = ModelSerializer.DescribeTower(new TowerSpec(modality, 0));
        Assert.Contains("\"keepStatistics\":true", json);
        Assert.IsTrue(Read(json).KeepStatistics);
        Assert.IsFalse(Read(json.Replace("\"keepStatistics\":true", "\"keepStatistics\":false", StringComparison.Ordinal)).KeepStatistics);
        var old = json.Replace(",\"keepStatistics\":true", "", StringComparison.Ordinal);
        Assert.AreNotEqual(json, old);
        Assert.IsFalse(Read(old).KeepStatistics);
        Assert.AreEqual(new ProteinWindowOptions { HiddenDimensions = [8], KeepStatistics = false }, Read(old));
        var encoder = old[(old.IndexOf("\"encoder\":", StringComparison.Ordinal) + 10)..old.LastIndexOf(",\"outputs\"", StringComparison.Ordinal)];
        foreach (var damaged in new[] { "null", "7", "[]", "{\"keepStatistics\":2}" })
            Assert.ThrowsExactly<FormatException>(() => Read(old.Replace(encoder, damaged, StringComparison.Ordinal)), damaged);

        var file = Path.Combine(AppContext.BaseDirectory, "data", "models", "1.3", "windows-steps.zip");
        using var frozen = (GentleClipTransformer)Context.Model.Load(file, out _);
        Assert.IsFalse(((ProteinWindowOptions)((ProteinSequenceModality)frozen.ModalityA).Encoder).KeepStatistics);

        static ProteinWindowOptions Read(string json) => (ProteinWindowOptions)((ProteinSequenceModality)ModelSerializer.ReadTower(json).Modality).Encoder;
    }

    [TestMethod]
    public void MeasuredWeightsAreThoseBuiltAndSettingsAreValues()
    {
        using var scope = NewDisposeScope();
        foreach (var options in new[] { new ProteinWindowOptions(), new ProteinWindowOptions { HiddenDimensions = [] }, new() { HiddenDimensions = [7, 9] },
            new() { KeepStatistics = false }, new() { HiddenDimensions = [], KeepStatistics = false } })
        {
            using var generator = new Generator(1);
            using var encoder = new ProteinWindowEncoder(options, generator);
            Assert.AreEqual((encoder.state_dict().Values.Sum(tensor => tensor.numel()), encoder.FeatureDimension), ProteinWindowEncoder.Measure(options));
        }
        ProteinWindowOptions Create() => new() { HiddenDimensions = [4, 8] };
        Assert.AreEqual(Create(), Create());
        foreach (var other in new[] { Create() with { HiddenDimensions = [4] }, Create() with { Dropout = 0 }, Create() with { InputNoise = 0 },
            Create() with { InputMasking = 0 }, Create() with { KeepStatistics = false },
            Create() with { UnknownResidues = Esm2UnknownResidues.UnknownToken } })
        {
            Assert.AreNotEqual(Create(), other);
            Assert.AreEqual(other, JsonSerializer.Deserialize<ProteinWindowOptions>(JsonSerializer.Serialize(other)));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProteinWindowOptions { Dropout = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProteinWindowOptions { InputNoise = 11 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProteinWindowOptions { InputMasking = -0.1 });
        Assert.Throws<ArgumentNullException>(() => new ProteinWindowOptions { HiddenDimensions = null! });
    }

    private static float[] Profile(string sequence)
    {
        var profile = new float[ProteinProfile.Count];
        ProteinProfile.Compute(Esm2Alphabet.Encode(sequence), profile);
        return profile;
    }
}
