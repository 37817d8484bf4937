using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

[TestClass]
public sealed class Esm2EncoderTests
{
    private const string Letters = "LAGVSERTIDPKQNFYMHWC";

    public Esm2EncoderTests() => set_num_threads(1);

    [TestMethod]
    [DataRow("padded_batch", Esm2Pooling.Mean, "mean_pooled")]
    [DataRow("with_mask_tokens", Esm2Pooling.Mean, "mean_pooled")]
    [DataRow("no_padding", Esm2Pooling.Mean, "mean_pooled")]
    [DataRow("padded_batch", Esm2Pooling.BeginningOfSequence, "bos_representation")]
    [DataRow("with_mask_tokens", Esm2Pooling.BeginningOfSequence, "bos_representation")]
    public void FeaturesEqualTheReference(string name, Esm2Pooling pooling, string expected)
    {
        using var scope = NewDisposeScope();
        var golden = Esm2Golden.Case(name);
        using var encoder = Encoder(new() { Pooling = pooling }, pretrained: true);
        var tokens = Esm2Batch.FromText(Esm2Golden.Sequences(golden), CPU);
        Esm2Golden.AssertClose(Esm2Golden.Expected(golden, expected),
            encoder.Encode(new SequenceBatch([.. Esm2Golden.Sequences(golden).Select(s => (ReadOnlyMemory<byte>)Esm2Alphabet.Encode(s))]), noise: null), 1e-5);
        encoder.to(ScalarType.Float64);
        Esm2Golden.AssertClose(Esm2Golden.Expected(golden, expected), encoder.Features(tokens, noise: null), 1e-10);
    }

    [TestMethod]
    [DataRow(Esm2Pooling.Mean)]
    [DataRow(Esm2Pooling.BeginningOfSequence)]
    public void ABatchOfNIsNBatchesOfOneAndPaddingChangesNothing(Esm2Pooling pooling)
    {
        using var scope = NewDisposeScope();
        using var encoder = Encoder(new() { Pooling = pooling }, pretrained: true);
        string[] sequences = [.. new[] { 40, 3, 90, 41, 1, 90, 60 }.Select((length, i) => Sequence(length, i))];
        var whole = encoder.Features(Esm2Batch.FromText(sequences, CPU), noise: null);
        for (var i = 0; i < sequences.Length; i++)
        {
            var alone = Esm2Batch.FromText([sequences[i]], CPU);
            var features = encoder.Features(alone, noise: null);
            Esm2Golden.AssertClose(whole[i].unsqueeze(0), features, 1e-5, $"sequence {i}");
            var padded = cat([alone, full([1, 37], Esm2Alphabet.Padding, ScalarType.Int64)], 1);
            Esm2Golden.AssertClose(features, encoder.Features(padded, noise: null), 1e-5, $"padded sequence {i}");
        }
        using var model = Esm2Golden.Model(ScalarType.Float32, withHeads: false);
        var tokens = Esm2Batch.FromText([sequences[1], sequences[2]], CPU);
        Esm2Golden.AssertClose( // without buckets between
            model.Represent(tokens.narrow(0, 0, 1).narrow(1, 0, 5)), model.Represent(tokens).narrow(0, 0, 1).narrow(1, 0, 5), 1e-5);
    }

    [TestMethod]
    [DataRow(null, 51)]
    [DataRow(0, 0)]
    [DataRow(1, 18)]
    [DataRow(2, 34)]
    [DataRow(3, 50)]
    public void OnlyTheLastLayersTrain(int? layers, int trained)
    {
        using var scope = NewDisposeScope();
        using var encoder = Encoder(new() { TrainableLayers = layers });
        encoder.to(ScalarType.Float64).to(ScalarType.Float32); // moving the encoder keeps what is frozen
        var features = encoder.Features(Esm2Batch.FromText([Sequence(9, 1), Sequence(5, 2)], CPU), noise: null);
        Assert.AreEqual(trained > 0, features.requires_grad);
        if (trained > 0)
            (features * features.cos()).sum().backward();
        var withGradient = encoder.named_parameters().Where(p => p.parameter.grad is { } gradient && gradient.abs().max().item<float>() > 0)
            .Select(p => p.name).ToArray();
        var expected = encoder.named_parameters().Select(p => p.name).Where(name => layers is null
            || layers > 0 && (name.StartsWith("model.emb_layer_norm_after", StringComparison.Ordinal)
                || Enumerable.Range(3 - layers.Value, layers.Value).Any(layer => name.StartsWith($"model.layers.{layer}.", StringComparison.Ordinal))))
                    .ToArray();
        Assert.HasCount(trained, expected);
        CollectionAssert.AreEquivalent(expected, withGradient);
        Assert.AreEqual(trained, encoder.parameters().Count(p => p.requires_grad));
    }

    [TestMethod]
    public void MoreTrainableLayersThanThereAreIsAnError() => Assert.Contains(
        "TrainableLayers is 4; expected at most the size's 3 layers",
            Assert.ThrowsExactly<ArgumentException>(() => Encoder(new() { TrainableLayers = 4 })).Message);

    [TestMethod]
    public void TheSameSeedGivesTheSameWeights()
    {
        using var scope = NewDisposeScope();
        using var first = Encoder(new(), seed: 8);
        using var second = Encoder(new(), seed: 8);
        using var other = Encoder(new(), seed: 9);
        foreach (var (name, value) in first.state_dict())
            Esm2Golden.AssertClose(value, second.state_dict()[name], 0, name);
        Assert.IsGreaterThan(0.01,
            (first.state_dict()["model.layers.0.fc1.weight"] - other.state_dict()["model.layers.0.fc1.weight"]).abs().max().item<float>());
    }

    [TestMethod]
    public void LongSequencesAreCutInInferenceToTheirBeginning()
    {
        using var scope = NewDisposeScope();
        using var encoder = Encoder(new() { MaximumLength = 20 });
        string[] sequences = [Sequence(50, 1), Sequence(20, 2), Sequence(21, 3), Sequence(4, 4)];
        var cut = Esm2Batch.FromText(sequences.Select(s => s.Length > 20 ? s[..20] : s), CPU);
        Esm2Golden.AssertClose(cut, Esm2Augmentation.Crop(Esm2Batch.FromText(sequences, CPU), new() { MaximumLength = 20 }, noise: null), 0);
        Esm2Golden.AssertClose(encoder.Features(cut, noise: null), encoder.Features(Esm2Batch.FromText(sequences, CPU), noise: null), 0);
    }

    [TestMethod]
    [DataRow(1022, 0.4)]
    [DataRow(20, 0.0)]
    [DataRow(20, 0.9)]
    public void InTrainingRandomPiecesAreTaken(int maximumLength, double crop)
    {
        using var generator = new Generator(6);
        var noise = new NoiseSource(generator);
        string[] sequences = [Sequence(50, 1), Sequence(31, 2), Sequence(1, 3)];
        byte[][] encoded = [.. sequences.Select(s => Esm2Alphabet.Encode(s))];
        var (lengths, starts, ends) = (new HashSet<int>(), new HashSet<int>(), new HashSet<int>());
        for (var draw = 0; draw < 300; draw++)
        {
            using var scope = NewDisposeScope();
            var tokens = Esm2Augmentation.Crop(Esm2Batch.FromText(sequences, CPU), new() { MaximumLength = maximumLength, SubsequenceCrop = crop }, noise);
            var residues = new byte[3][];
            for (var i = 0; i < 3; i++)
            {
                long[] row = tokens[i].data<long>().ToArray();
                var end = Array.IndexOf(row, Esm2Alphabet.End);
                Assert.AreEqual(Esm2Alphabet.Beginning, row[0]);
                Assert.IsTrue(row[(end + 1)..].All(t => t == Esm2Alphabet.Padding));
                residues[i] = [.. row[1..end].Select(t => (byte)t)];
                Assert.IsTrue(encoded[i].AsSpan().IndexOf(residues[i]) >= 0, "a contiguous piece");
                Assert.IsGreaterThan(0, residues[i].Length);
            }
            Assert.AreEqual(residues.Max(r => r.Length) + 2, tokens.size(1), "no more padding than needed");
            lengths.Add(residues[0].Length);
            starts.Add(encoded[0].AsSpan().IndexOf(residues[0]));
            ends.Add(encoded[0].AsSpan().IndexOf(residues[0]) + residues[0].Length);
        }
        var longest = Math.Min(50, maximumLength);
        var shortest = Math.Min(longest, 50 - (int)(50 * crop));
        CollectionAssert.AreEquivalent(Enumerable.Range(shortest, longest - shortest + 1).ToArray(), lengths.ToArray(), "every length occurs, and no other");
        Assert.Contains(0, starts);
        Assert.Contains(50, ends);
        Assert.IsGreaterThan(10, starts.Count);
    }

    [TestMethod]
    public void AShareOfTheResiduesIsMasked()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(6);
        var tokens = Esm2Batch.FromText([Sequence(30_000, 1), Sequence(20_000, 2)], CPU);
        var masked = Esm2Augmentation.Mask(tokens, 0.15, new NoiseSource(generator));
        var isMask = masked.eq(Esm2Alphabet.Mask);
        Assert.AreEqual(0.15, isMask.sum().item<long>() / 50_000.0, 0.01);
        Assert.IsTrue(masked.where(isMask.logical_not(), tokens).eq(tokens).all().item<bool>(), "the others stay");
        Assert.IsFalse(isMask.logical_and(Esm2Batch.Residues(tokens).logical_not()).any().item<bool>(), "beginning, end and padding stay");
    }

    [TestMethod]
    public void NoiseMakesViewsAndNoneIsInference()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(6);
        var noise = new NoiseSource(generator);
        using var encoder = Encoder(new());
        var tokens = Esm2Batch.FromText([Sequence(40, 1), Sequence(30, 2)], CPU);
        var (first, second) = (encoder.Features(tokens, noise), encoder.Features(tokens, noise));
        Assert.IsGreaterThan(0.01, (first - second).abs().max().item<float>());
        using var silent = Encoder(new() { Masking = 0 });
        Esm2Golden.AssertClose(silent.Features(tokens, noise: null), silent.Features(tokens, noise), 0, "nothing random is left");
        Esm2Golden.AssertClose(encoder.Features(tokens, noise: null), silent.Features(tokens, noise: null), 0);
    }

    [TestMethod]
    public void MeasuresWhatItBuilds()
    {
        var options = new Esm2Options { Size = Esm2Golden.Size };
        using var encoder = Encoder(options);
        Assert.AreEqual((encoder.state_dict().Values.Sum(t => t.numel()), encoder.FeatureDimension), Esm2Encoder.Measure(options));
        Assert.AreEqual((7_408_960L + 6 * 8, 320), Esm2Encoder.Measure(new() { Size = Esm2Size.T6_8M }));
    }

    [TestMethod]
    public void StepsLeaveNoTensors()
    {
        using var generator = new Generator(6);
        var noise = new NoiseSource(generator);
        using var encoder = Encoder(new() { SubsequenceCrop = 0.3 });
        using var tokens = Esm2Batch.FromText([Sequence(40, 1), Sequence(9, 2), Sequence(4, 3)], CPU);
        long before = 0;
        for (var i = 0; i < 5; i++)
        {
            if (i == 1)
                before = LiveTensors.Settled();
            using var scope = NewDisposeScope();
            encoder.Features(tokens, noise).square().sum().backward();
            encoder.zero_grad();
        }
        LiveTensors.AssertAtMost(before);
    }

    private static Esm2Encoder Encoder(Esm2Options options, ulong seed = 1, bool pretrained = false)
    {
        using var generator = new Generator(seed);
        var encoder = new Esm2Encoder(options with { Size = Esm2Golden.Size }, generator);
        if (!pretrained)
            return encoder;
        using var weights = Esm2Golden.Weights();
        encoder.Load(weights);
        return encoder;
    }

    private static string Sequence(int length, int seed)
    {
        var random = new Random(seed);
        return string.Create(length, random, (span, r) =>
        {
            foreach (ref var letter in span)
                letter = Letters[r.Next(Letters.Length)];
        });
    }
}
