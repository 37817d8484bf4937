using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Tests.FineTuning;
using Microsoft.ML.GentleClip.Tests.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

/// <summary>Products of bfloat16 factors: near to float32's, in training and in scoring, and never without being asked for.</summary>
[TestClass]
public sealed class EncoderPrecisionTests
{
    private const double Cosine = 0.999; // 8 significant bits a factor, averaged over a sum's terms

    public TestContext TestContext { get; set; } = null!;

    private readonly MLContext _mlContext = new(seed: 3);

    [TestMethod]
    public void ProductsRoundTheirFactorsOnly()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var casts = WeightCasts.For(EncoderPrecision.BFloat16)!;
        var (x, weight, bias) = (randn([5, 64], generator: generator), randn([7, 64], generator: generator), randn(7, generator: generator));
        var plain = WeightCasts.Linear(x, weight, bias);
        Tensor rounded;
        using (WeightCasts.Enter(casts))
        {
            rounded = WeightCasts.Linear(x, weight, bias);
            using (WeightCasts.Enter(null))
                Assert.IsTrue(plain.equal(WeightCasts.Linear(x, weight, bias)).all().item<bool>());
        }
        var expected = nn.functional.linear(Half(x), Half(weight), Half(bias)).to(ScalarType.Float64);
        Assert.AreEqual(ScalarType.Float32, rounded.dtype);
        // The sum itself is rounded once, to half of 2^-7 of its size.
        Assert.IsLessThan(Math.Pow(2, -8) * 1.01, ((rounded.to(ScalarType.Float64) - expected).abs() / expected.abs()).max().item<double>());
        Assert.IsFalse(plain.equal(rounded).any().item<bool>());
        Assert.IsTrue(plain.equal(WeightCasts.Linear(x, weight, bias)).all().item<bool>(), "left");

        static Tensor Half(Tensor x) => x.to(ScalarType.BFloat16).to(ScalarType.Float32);
    }

    [TestMethod]
    public void ACastIsMadeOnceAndForgottenWhenItsWeightChanges()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var layer = new Linear(16, 4, generator);
        using var casts = WeightCasts.For(EncoderPrecision.BFloat16)!;
        using var stay = WeightCasts.Enter(casts);
        using var frozen = no_grad();
        var x = randn([3, 16], generator: generator);
        var before = layer.forward(x);
        var tensors = Tensor.TotalCount;
        layer.forward(x).Dispose();
        Assert.AreEqual(tensors, Tensor.TotalCount, "cast again");
        layer.state_dict()["weight"].zero_();
        Assert.IsTrue(before.equal(layer.forward(x)).all().item<bool>(), "still the old cast");
        WeightCasts.Forget();
        Assert.IsFalse(before.equal(layer.forward(x)).any().item<bool>());
    }

    [TestMethod]
    public void GradientsReachTheFloat32Weights()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var layer = new Linear(32, 8, generator);
        using var casts = WeightCasts.For(EncoderPrecision.BFloat16)!;
        var x = randn([16, 32], generator: generator);
        var plain = Gradients();
        using var stay = WeightCasts.Enter(casts);
        foreach (var (expected, found) in plain.Zip(Gradients()))
        {
            Assert.AreEqual(ScalarType.Float32, found.dtype);
            Assert.IsFalse(expected.equal(found).all().item<bool>());
            Assert.IsGreaterThan(
                0.9999, nn.functional.cosine_similarity(expected.flatten(), found.flatten(), dim: 0).to(ScalarType.Float64).item<double>());
        }

        Tensor[] Gradients()
        {
            layer.zero_grad();
            layer.forward(x).square().mean().backward();
            return [.. layer.parameters().Select(weight => weight.grad!.clone())];
        }
    }

    [TestMethod]
    public void ConvolutionsOfWholeBlocksTakePart()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var casts = WeightCasts.For(EncoderPrecision.BFloat16)!;
        foreach (var (channels, takesPart) in new[] { (64L, true), (48L, false) })
        {
            using var layer = new Convolution(channels, 32, 3, 1, 1, 0.1, generator);
            var x = randn([2, channels, 8, 8], generator: generator);
            var plain = layer.forward(x).flatten(1);
            Tensor rounded;
            using (WeightCasts.Enter(casts))
            {
                rounded = layer.forward(x).flatten(1);
                for (var i = 0; i < 5; i++)
                {
                    layer.zero_grad();
                    layer.forward(x.detach().requires_grad_()).square().mean().backward();
                    Assert.IsTrue(layer.parameters().All(weight => weight.grad!.isfinite().all().item<bool>()), "gradient");
                }
            }
            Assert.AreEqual(takesPart, !plain.equal(rounded).all().item<bool>());
            Assert.IsGreaterThan(0.9999, nn.functional.cosine_similarity(plain, rounded, dim: 1).min().to(ScalarType.Float64).item<double>());
        }
    }

    [TestMethod]
    [DynamicData(nameof(Encoders))]
    public void EveryEncoderComputesNearlyTheSame(string name)
    {
        using var cases = new EncoderCases();
        using var model = Fit(cases, name, EncoderPrecision.Float32);
        var float32 = Embeddings.Column(model.Transform(cases.View), "Embedding");
        Need();
        model.Scoring = new ScoringOptions { Precision = EncoderPrecision.BFloat16 };
        var bfloat16 = Embeddings.Column(model.Transform(cases.View), "Embedding");
        for (var row = 0; row < float32.Length; row++)
            Assert.IsGreaterThan(Cosine, Embeddings.Dot(float32[row], bfloat16[row]), $"row {row}");
        Assert.AreEqual(name != "custom", float32.Zip(bfloat16).Any(pair => !pair.First.AsSpan().SequenceEqual(pair.Second)), "a user's network is its own");
        model.Scoring = new ScoringOptions();
        Embeddings.AssertEqualBits(
            [.. float32.Select(row => Array.ConvertAll(row, BitConverter.SingleToInt32Bits))], Embeddings.Bits(model.Transform(cases.View), "Embedding"));
    }

    [TestMethod]
    [DynamicData(nameof(Encoders))]
    public void EveryEncoderIsTrainedWithThem(string name)
    {
        Need();
        using var cases = new EncoderCases();
        using var model = Fit(cases, name, EncoderPrecision.BFloat16);
        using var other = Fit(cases, name, EncoderPrecision.Float32);
        Assert.IsTrue(model.Model.parameters().All(parameter => parameter.dtype == ScalarType.Float32), "weights");
        var (half, full) = (Embeddings.Column(model.Transform(cases.View), "Embedding"), Embeddings.Column(other.Transform(cases.View), "Embedding"));
        Assert.IsFalse(half.Zip(full).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)), "other weights, if only of the other side's");
        // Three steps apart.
        Assert.IsGreaterThan(0.98, half.Zip(full).Average(pair => Embeddings.Dot(pair.First, pair.Second)));
        Assert.AreEqual(EncoderPrecision.Float32, model.Scoring.Precision);
    }

    [TestMethod]
    public void ATrainingLearnsAsWellAndLeavesNothingBehind()
    {
        Need();
        var data = _mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(60, 100, 100));
        var test = _mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(100, 9));
        double Recall(EncoderPrecision precision)
        {
            var options = TwoViews.Options(100);
            options.Precision = precision;
            using var model = _mlContext.Transforms.GentleClip(options).Fit(data);
            return Operations.Catalog.EvaluateRetrieval(model.Transform(test), "EmbeddingA", "EmbeddingB", null, null, [10]).AToB.RecallAt(10);
        }
        var (half, full) = (Recall(EncoderPrecision.BFloat16), Recall(EncoderPrecision.Float32));
        Assert.IsLessThan(0.1, Math.Abs(half - full), $"{half} and {full}");
        List<long> Counts(EncoderPrecision precision)
        {
            var options = TwoViews.Options(60);
            (options.Precision, options.Validation.Fraction) = (precision, 0.2);
            var (counts, model) = LiveTensors.AtEpochs(options, data);
            model.Dispose();
            return counts;
        }
        // A casted weight would be one more in each step; best weights are kept by both.
        var (ofHalf, ofFull) = (Counts(EncoderPrecision.BFloat16), Counts(EncoderPrecision.Float32));
        Assert.AreEqual(ofFull[^1] - ofFull[0], ofHalf[^1] - ofHalf[0], $"{string.Join(", ", ofHalf)}; {string.Join(", ", ofFull)}");
    }

    [TestMethod]
    public void HeadsAreFloat32()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var head = new ProjectionHead(16, 8, generator);
        using var casts = WeightCasts.For(EncoderPrecision.BFloat16)!;
        var features = randn([5, 16], generator: generator);
        var plain = head.Project(features, noise: null);
        using var stay = WeightCasts.Enter(casts);
        Assert.IsTrue(plain.equal(head.Project(features, noise: null)).all().item<bool>());
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow(1)]
    public void FineTuningAndItsScoringTakeThemToo(int? layers)
    {
        Need();
        using var cases = new EncoderCases();
        using var initial = Fit(cases, "ViT", EncoderPrecision.Float32);
        FineTunedTransformer Tuned(EncoderPrecision precision)
        {
            // With validation, whose passes are made without gradients between steps that need them.
            var options = EncoderCases.Options(layers, steps: 25) with { Side = Side.A, Precision = precision };
            options.Validation.Fraction = 0.25;
            return cases.Context.MulticlassClassification.Trainers.GentleClipFineTuning(initial, options).Fit(cases.View);
        }
        using FineTunedTransformer half = Tuned(EncoderPrecision.BFloat16), full = Tuned(EncoderPrecision.Float32);
        var scores = Embeddings.Column(half.Transform(cases.View), "Score");
        Assert.IsFalse(scores.Zip(Embeddings.Column(full.Transform(cases.View), "Score")).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)));
        half.Scoring = new ScoringOptions { Precision = EncoderPrecision.BFloat16 };
        var rounded = Embeddings.Column(half.Transform(cases.View), "Score");
        Assert.IsFalse(scores.Zip(rounded).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)), "scored with them");
        Assert.IsLessThan(0.1f, scores.Zip(rounded).Max(pair => pair.First.Zip(pair.Second, (a, b) => Math.Abs(a - b)).Max()));
    }

    [TestMethod]
    public void AnotherPrecisionIsAnotherTraining()
    {
        Need();
        using var folder = new TemporaryFolder();
        var data = _mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(60, 100, 100));
        var options = TwoViews.Options(20);
        options.Checkpoints.Directory = folder.File("checkpoints");
        options.Precision = EncoderPrecision.BFloat16;
        using (_mlContext.Transforms.GentleClip(options).Fit(data)) { }
        var float32 = options with { Precision = EncoderPrecision.Float32 };
        var message = Assert.ThrowsExactly<InvalidOperationException>(() => _mlContext.Transforms.GentleClip(float32).Fit(data)).Message;
        Assert.Contains("Precision is not set, was BFloat16", message);
        Assert.Contains("BFloat16 in the encoders' products", _mlContext.Transforms.GentleClip(options).Plan(data).ToString());
        Assert.DoesNotContain("precision", _mlContext.Transforms.GentleClip(float32).Plan(data).ToString());
    }

    [TestMethod]
    public void SettersRefuseOtherValues()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new GentleClipOptions { Precision = (EncoderPrecision)2 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new FineTuningOptions { Precision = (EncoderPrecision)(-1) });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ScoringOptions { Precision = (EncoderPrecision)7 });
        Assert.AreEqual(EncoderPrecision.BFloat16, (new GentleClipOptions { Precision = EncoderPrecision.BFloat16 } with { EmbeddingDimension = 8 }).Precision);
    }

    public static IEnumerable<object[]> Encoders => EncoderCases.Names.Select(name => new object[] { name });

    private GentleClipTransformer Fit(EncoderCases cases, string name, EncoderPrecision precision) => cases.Context.Transforms.GentleClip(new GentleClipOptions
    {
        ModalityA = cases.Modalities[name].Modality,
        ModalityB = Modality.Vector("Other", name is "MLP" or "custom" ? "Second" : "A", new VectorEncoderOptions { HiddenDimensions = [8] }),
        EmbeddingDimension = 8,
        MaximumNumberOfSteps = 3,
        Batches = new() { Size = 12 },
        NumberOfThreads = 1,
        ClosedForm = null,
        Objectives = [new ContrastiveObjective()],
        Precision = precision,
        Seed = 3,
    }).Fit(name is "MLP" or "custom" ? cases.Context.Transforms.CopyColumns("Second", "A").Fit(cases.View).Transform(cases.View) : cases.View);

    private void Need()
    {
        if (BFloat16Products.Missing(CPU) is { } reason)
            Skip.Because(TestContext, reason);
    }
}
