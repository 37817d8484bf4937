using System.Globalization;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

[TestClass]
public sealed class BertEncoderTests
{
    public BertEncoderTests() => set_num_threads(1);

    [TestMethod]
    [DataRow(BertPooling.Mean, "masked_mean")]
    [DataRow(BertPooling.ClassificationToken, "cls_representation")]
    public void FeaturesEqualTheReference(BertPooling pooling, string expected)
    {
        using var scope = NewDisposeScope();
        var golden = BertGolden.Case("padded");
        var (tokens, mask, types) = (BertGolden.Input(golden, "input_ids"), BertGolden.Input(golden, "attention_mask"),
            BertGolden.Input(golden, "token_type_ids"));
        Assert.IsGreaterThan(0, types.sum().item<long>(), "the vectors have second texts, which the encoder has not: they are folded into the positions below");
        using var encoder = Encoder(new() { Pooling = pooling }, pretrained: true);
        var firstOnly = Enumerable.Range(0, 3).Where(row => types[row].sum().item<long>() == 0).ToArray();
        Assert.IsNotEmpty(firstOnly);
        var texts = firstOnly.Select(row => tokens[row].data<long>().Take((int)mask[row].sum().item<long>()).Select(token => (int)token).ToArray()).ToArray();
        var reference = BertGolden.Expected(golden, expected).index_select(0, tensor(firstOnly.Select(row => (long)row).ToArray()));
        Esm2Golden.AssertClose(reference, encoder.Features(texts, noise: null), 1e-5);
        encoder.to(ScalarType.Float64);
        Esm2Golden.AssertClose(reference, encoder.Features(texts, noise: null), 1e-10);
    }

    [TestMethod]
    [DataRow(BertPooling.Mean)]
    [DataRow(BertPooling.ClassificationToken)]
    public void ABatchOfNIsNBatchesOfOneAndPaddingChangesNothing(BertPooling pooling)
    {
        using var scope = NewDisposeScope();
        using var encoder = Encoder(new() { Pooling = pooling }, pretrained: true);
        ReadOnlyMemory<char>[] texts =
            [.. new[] { "abc", "a word1 and a word2", "", "zzzz qqqq word3 word40", "x", new string('k', 30) + " word7 word9 word1 word12 hello hello" }
                .Select(text => text.AsMemory())];
        var whole = encoder.Encode(new TextBatch(texts), noise: null);
        for (var i = 0; i < texts.Length; i++)
            Esm2Golden.AssertClose(whole[i].unsqueeze(0), encoder.Encode(new TextBatch([texts[i]]), noise: null), 1e-5, $"text {i}");
        using var model = BertGolden.Model(ScalarType.Float32);
        var tokens = tensor(new long[] { 2, 7, 8, 3 }, [1, 4]);
        var padded = cat([tokens, full([1, 20], 50, ScalarType.Int64)], 1); // what stands in the padding does not matter
        Esm2Golden.AssertClose(model.Represent(tokens, null), model.Represent(padded, tensor(new long[] { 4 })).narrow(1, 0, 4), 1e-5);
    }

    [TestMethod]
    [DataRow(null, 37)]
    [DataRow(0, 0)]
    [DataRow(1, 16)]
    [DataRow(2, 32)]
    public void OnlyTheLastLayersTrain(int? layers, int trained)
    {
        using var scope = NewDisposeScope();
        using var encoder = Encoder(new() { TrainableLayers = layers });
        encoder.to(ScalarType.Float64).to(ScalarType.Float32);
        var features = encoder.Encode(new TextBatch(["some words".AsMemory(), "others, longer ones".AsMemory()]), noise: null);
        Assert.AreEqual((trained > 0, layers == 0), (features.requires_grad, encoder.IsFrozen));
        if (trained > 0)
            (features * features.cos()).sum().backward();
        var withGradient = encoder.named_parameters().Where(p => p.parameter.grad is { } gradient && gradient.abs().max().item<float>() > 0)
            .Select(p => p.name).ToArray();
        var expected = encoder.named_parameters().Select(p => p.name)
            .Where(
                name =>
                    layers is null
                        || Enumerable.Range(2 - layers.Value, layers.Value)
                            .Any(layer => name.StartsWith($"model.encoder.layer.{layer}.", StringComparison.Ordinal))).ToArray();
        Assert.HasCount(trained, expected);
        CollectionAssert.IsSubsetOf(withGradient, expected);
        CollectionAssert.IsSubsetOf(expected.Where(name => !name.EndsWith("key.bias", StringComparison.Ordinal)).ToArray(), withGradient,
            "the softmax cancels the keys' bias");
        Assert.AreEqual(trained, encoder.parameters().Count(p => p.requires_grad));
    }

    [TestMethod]
    public void DropoutMakesViewsAndNoneIsInference()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(6);
        var noise = new NoiseSource(generator);
        var batch = new TextBatch(["some words".AsMemory(), "others, longer ones".AsMemory()]);
        using var encoder = Encoder(new());
        Assert.IsGreaterThan(0.01, (encoder.Encode(batch, noise) - encoder.Encode(batch, noise)).abs().max().item<float>());
        Esm2Golden.AssertClose(encoder.Encode(batch, noise: null), encoder.Encode(batch, noise: null), 0);
        foreach (var silent in new[] { Encoder(new() { Dropout = 0 }), Encoder(new() { TrainableLayers = 0 }) })
            using (silent)
                Esm2Golden.AssertClose(silent.Encode(batch, noise: null), silent.Encode(batch, noise), 0, "nothing random is left");
    }

    [TestMethod]
    public void DropoutDoesNotTouchTheGlobalGenerator()
    {
        using var scope = NewDisposeScope();
        using var encoder = Encoder(new());
        using var generator = new Generator(6);
        var batch = new TextBatch(["some words".AsMemory()]);
        using var before = random.get_rng_state();
        encoder.Encode(batch, new NoiseSource(generator));
        using var after = random.get_rng_state();
        Assert.IsTrue(before.eq(after).all().item<bool>());
    }

    [TestMethod]
    public void MeasuresWhatItBuildsAndTheSameSeedGivesTheSameWeights()
    {
        using var scope = NewDisposeScope();
        using var first = Encoder(new(), seed: 8);
        using var second = Encoder(new(), seed: 8);
        Assert.AreEqual((first.state_dict().Values.Sum(t => t.numel()), first.FeatureDimension), BertEncoder.Measure(BertGolden.Options));
        foreach (var (name, value) in first.state_dict())
            Esm2Golden.AssertClose(value, second.state_dict()[name], 0, name);
    }

    [TestMethod]
    public void StepsLeaveNoTensors()
    {
        using var generator = new Generator(6);
        var noise = new NoiseSource(generator);
        using var encoder = Encoder(new());
        var batch = new TextBatch(["some words".AsMemory(), "a".AsMemory(), "others, longer ones, to make a second bucket of the batch".AsMemory()]);
        long before = 0;
        for (var i = 0; i < 5; i++)
        {
            if (i == 1)
                before = LiveTensors.Settled();
            using var scope = NewDisposeScope();
            encoder.Encode(batch, noise).square().sum().backward();
            encoder.Encode(batch, noise: null);
            encoder.zero_grad();
        }
        LiveTensors.AssertAtMost(before);
    }

    [TestMethod]
    public void AFileOfAnotherSizeOrVocabularyIsNamed()
    {
        using var generator = new Generator(1);
        var file = BertGolden.PathOf("bert_tiny.prefixed_gamma_beta.safetensors");
        using var encoder = new BertEncoder(BertGolden.Options with { WeightsFile = file, Vocabulary = [.. BertGolden.Vocabulary, "more"] }, generator);
        Assert.AreEqual(string.Create(CultureInfo.InvariantCulture,
            $"{file} holds a BERT of 2 layers of 32 for 100 tokens; expected 2 layers of 32, as BertEncoderOptions.Size says, for the vocabulary's "
                + $"101 tokens."),
            Assert.ThrowsExactly<InvalidDataException>(() => encoder.LoadPretrained()).Message);
    }

    private static BertEncoder Encoder(BertEncoderOptions options, ulong seed = 1, bool pretrained = false)
    {
        using var generator = new Generator(seed);
        var encoder = new BertEncoder(options with { Size = BertGolden.Size, Vocabulary = BertGolden.Vocabulary, MaximumLength = 40 }, generator);
        if (!pretrained)
            return encoder;
        using var weights = BertWeightNames.Read(BertGolden.PathOf("bert_tiny.safetensors"));
        encoder.Load(weights);
        return encoder;
    }
}
