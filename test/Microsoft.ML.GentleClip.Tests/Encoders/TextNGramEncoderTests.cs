using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

[TestClass]
public sealed class TextNGramEncoderTests
{
    private static readonly string[] Texts = ["red apple", "green apple", "a red, red car", "😀 grinning face", "深度学习", "...", new('é', 5000)];
    private static readonly TextNGramOptions Small = new() { Buckets = 512, TableDimension = 12, HiddenDimensions = [10] };

    public TextNGramEncoderTests() => set_num_threads(1);

    [TestMethod]
    public void HashesAreTheSameForEver()
    {
        // Saved models depend on them.
        var options = new TextNGramOptions { MinimumLength = 3, MaximumLength = 3 };
        Assert.AreEqual("1476:2 1715:1 7404:1 7966:2 9777:2 13691:2 14376:1 14803:1 16100:1",
            string.Join(' ', TextNGrams.Count("Red 😀 red é", options).Select(bucket => $"{bucket.Key}:{bucket.Value}")));
    }

    [TestMethod]
    public void NGramsAreThoseOfTheDefinition()
    {
        // "ab c": words, their pair; "<ab>": <a ab b> <ab ab>; "<c>": <c c>; the whole <ab> and <c> are words already.
        Assert.AreEqual(2 + 1 + 5 + 2, Total("ab c", 2, 4));
        Assert.AreEqual(3, Total("ab c", 5, 6), "words and their pair alone");
        Assert.AreEqual(0, Total(" \u0000", 2, 4));
        CollectionAssert.AreEqual(TextNGrams.Count("Ab, C", new()), TextNGrams.Count("\u0000ab ,c ", new()));
        CollectionAssert.AreEqual(TextNGrams.Count("ab", new() { MaximumCharacters = 2 }), TextNGrams.Count("ab cd", new() { MaximumCharacters = 2 }));
        CollectionAssert.AreNotEqual(TextNGrams.Count("ab cd", new() { MinimumLength = 9, MaximumLength = 1 }),
            TextNGrams.Count("cd ab", new() { MinimumLength = 9, MaximumLength = 1 }), "pairs have an order");

        static int Total(string text, int minimum, int maximum) =>
            TextNGrams.Count(text, new() { MinimumLength = minimum, MaximumLength = maximum }).Sum(bucket => bucket.Value);
    }

    [TestMethod]
    public void FeaturesAreTheWeightedSumsOfTheDefinition()
    {
        using var scope = NewDisposeScope();
        using var encoder = Encoder(Small with { HiddenDimensions = [] });
        encoder.to(ScalarType.Float64);
        var features = encoder.Encode(Batch(Texts), noise: null);
        var table = encoder.state_dict()["table"];
        for (var i = 0; i < Texts.Length; i++)
        {
            var counts = TextNGrams.Count(Texts[i], Small);
            var weights =
                counts.Select(
                    bucket =>
                        (1 + Math.Log(bucket.Value)) * (1
                            + Math.Log((1.0 + Texts.Length) / (1 + Texts.Count(text => TextNGrams.Count(text, Small).Any(other => other.Key == bucket.Key))))))
                                .ToArray();
            var norm = Math.Sqrt(weights.Sum(weight => weight * weight));
            var expected = zeros(12, ScalarType.Float64);
            foreach (var (bucket, weight) in counts.Zip(weights))
                expected += table[bucket.Key] * (weight / norm);
            Esm2Golden.AssertClose(expected, features[i], 1e-6, Texts[i]); // counts and rarities are float32
        }
        using var large = Encoder(Small with { Buckets = 1 << 16, HiddenDimensions = [] });
        Assert.AreEqual(0, large.Encode(Batch(["ZZZZ QQQQ"]), noise: null).abs().max().item<float>(), "new n-grams count for nothing");
        Esm2Golden.AssertClose(large.Encode(Batch(["apple"]), noise: null), large.Encode(Batch(["apple ZZZZ"]), noise: null), 1e-6);
    }

    [TestMethod]
    public void ABatchOfNIsNBatchesOfOne()
    {
        using var scope = NewDisposeScope();
        using var encoder = Encoder(Small);
        var whole = encoder.Encode(Batch([.. Texts, "\u200b"]), noise: null);
        for (var i = 0; i < Texts.Length; i++)
            Esm2Golden.AssertClose(whole[i], encoder.Encode(Batch([Texts[i]]), noise: null)[0], 1e-6, Texts[i]);
        Assert.IsTrue(whole.isfinite().all().item<bool>(), "also of a text without any n-gram");
    }

    [TestMethod]
    public void NoiseMakesViewsAndNoneIsInference()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(6);
        var noise = new NoiseSource(generator);
        using var encoder = Encoder(Small with { Dropout = 0 });
        Assert.IsGreaterThan(0.01, (encoder.Encode(Batch(Texts), noise) - encoder.Encode(Batch(Texts), noise)).abs().max().item<float>());
        using var silent = Encoder(Small with { Dropout = 0, NGramDropout = 0 });
        Esm2Golden.AssertClose(silent.Encode(Batch(Texts), noise: null), silent.Encode(Batch(Texts), noise), 0);
        using var hidden = Encoder(Small with { Dropout = 0.5, NGramDropout = 0 });
        Assert.IsGreaterThan(0.01, (hidden.Encode(Batch(Texts), noise) - hidden.Encode(Batch(Texts), noise)).abs().max().item<float>());
    }

    [TestMethod]
    public void MeasuresWhatItBuildsAndStepsLeaveNoTensors()
    {
        using var encoder = Encoder(Small);
        using (NewDisposeScope())
            Assert.AreEqual((encoder.state_dict().Values.Sum(t => t.numel()), encoder.FeatureDimension), TextNGramEncoder.Measure(Small));
        using var generator = new Generator(6);
        var noise = new NoiseSource(generator);
        long before = 0;
        for (var i = 0; i < 5; i++)
        {
            if (i == 1)
                before = LiveTensors.Settled();
            using var scope = NewDisposeScope();
            encoder.Encode(Batch(Texts), noise).square().sum().backward();
            encoder.Encode(Batch(Texts), noise: null);
            encoder.zero_grad();
        }
        LiveTensors.AssertAtMost(before);
    }

    private static TextBatch Batch(string[] texts) => new([.. texts.Select(text => text.AsMemory())]);

    /// <summary>One long text among short ones costs what it has, not what it has times the texts.</summary>
    [TestMethod]
    public void APreparedBatchHoldsTheNGramsThereAre()
    {
        using var encoder = Encoder(new TextNGramOptions { Buckets = 1 << 16, TableDimension = 4, HiddenDimensions = [4] });
        var random = new Random(1);
        var longest = string.Join(' ', Enumerable.Range(0, 2000).Select(_ => random.Next(1_000_000)));
        ReadOnlyMemory<char>[] texts = [longest.AsMemory(), .. Enumerable.Repeat("ash".AsMemory(), 999)];
        var alone = (NGramBatch)encoder.Prepare(new TextBatch([texts[0]]), null)();
        var short1 = (NGramBatch)encoder.Prepare(new TextBatch([texts[1]]), null)();
        var all = (NGramBatch)encoder.Prepare(new TextBatch(texts), null)();
        Assert.IsGreaterThan(5000, alone.Rows.Length);
        Assert.AreEqual(alone.Rows.Length + 999 * short1.Rows.Length, all.Rows.Length);
        Assert.AreEqual((all.Rows.Length, all.Rows.Length), (all.Buckets.Length, all.Occurrences.Length));
    }

    private static TextNGramEncoder Encoder(TextNGramOptions options)
    {
        using var generator = new Generator(1);
        using var store = new TextStore(options);
        foreach (var text in Texts)
            store.Add(text);
        var encoder = new TextNGramEncoder(options, generator);
        encoder.Prepare(store);
        return encoder;
    }
}
