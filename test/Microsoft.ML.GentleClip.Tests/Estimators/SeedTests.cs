using Microsoft.ML.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>One seed decides everything random, and nothing else does.</summary>
[TestClass]
public sealed class SeedTests
{
    private static readonly List<TwoViews.Row> Rows = TwoViews.Mixed(30, 40, 35);

    [TestMethod]
    public void EqualSeedsGiveEqualBitsAndOtherSeedsDoNot()
    {
        var first = Train(new MLContext(seed: 5));
        AssertEqual(first, Train(new MLContext(seed: 5)));
        AssertDiffer(first, Train(new MLContext(seed: 6)));
        Assert.AreEqual(5, first.Seed);
    }

    [TestMethod]
    public void TheContextsHistoryDoesNotMatter()
    {
        var mlContext = new MLContext(seed: 5);
        var first = Train(mlContext);
        mlContext.Transforms.ApproximatedKernelMap("X", "A");
        mlContext.Data.ShuffleRows(mlContext.Data.LoadFromEnumerable(Rows));
        AssertEqual(first, Train(mlContext));
    }

    [TestMethod]
    public void AHeldOutValidationComesFromTheSeedToo()
    {
        var options = TwoViews.Options(steps: 25);
        options.Validation.Fraction = 0.3;
        AssertEqual(Train(new MLContext(seed: 5), options), Train(new MLContext(seed: 5), options));
    }

    [TestMethod]
    public void TheOptionsSeedWinsOverTheContexts()
    {
        var options = TwoViews.Options(steps: 25);
        options.Seed = 5;
        var first = Train(new MLContext(seed: 1), options);
        Assert.AreEqual(5, first.Seed);
        AssertEqual(first, Train(new MLContext(seed: 2), options));
        AssertEqual(first, Train(new MLContext(), options));
        AssertEqual(first, Train(new MLContext(seed: 5)));
    }

    [TestMethod]
    public void WithoutSeedOneIsDrawnLoggedAndKept()
    {
        var mlContext = new MLContext();
        var log = new ContextLog(mlContext);
        var first = Train(mlContext);
        var second = Train(mlContext);
        Assert.AreNotEqual(first.Seed, second.Seed);
        AssertDiffer(first, second);
        CollectionAssert.AreEqual(new[] { $"Seed {first.Seed}.", $"Seed {second.Seed}." },
            log.Texts(ChannelMessageKind.Info).Where(text => text.StartsWith("Seed", StringComparison.Ordinal)).ToArray());

        var options = TwoViews.Options(steps: 25);
        options.Seed = first.Seed;
        AssertEqual(first, Train(new MLContext(), options));
    }

    [TestMethod]
    public void TorchsGlobalGeneratorIsNeitherReadNorMoved()
    {
        torch.manual_seed(1);
        var first = Train(new MLContext(seed: 5));
        var next = Draw();
        torch.manual_seed(1);
        CollectionAssert.AreEqual(Draw(), next, "the training drew from the global generator");

        torch.manual_seed(2);
        AssertEqual(first, Train(new MLContext(seed: 5)));

        static float[] Draw()
        {
            using var numbers = torch.rand(8);
            return numbers.data<float>().ToArray();
        }
    }

    private sealed record Trained(int Seed, int[][] A, int[][] B, double[] Losses);

    private static Trained Train(MLContext mlContext, GentleClipOptions? options = null)
    {
        using var model = mlContext.Transforms.GentleClip(options ?? TwoViews.Options(steps: 25)).Fit(mlContext.Data.LoadFromEnumerable(Rows));
        var scored = model.Transform(mlContext.Data.LoadFromEnumerable(Rows));
        return new Trained(model.Seed, Embeddings.Bits(scored, "EmbeddingA"), Embeddings.Bits(scored, "EmbeddingB"),
            [.. model.History.SelectMany(epoch => epoch.Losses.Values)]);
    }

    private static void AssertEqual(Trained expected, Trained actual)
    {
        Embeddings.AssertEqualBits(expected.A, actual.A);
        Embeddings.AssertEqualBits(expected.B, actual.B);
        CollectionAssert.AreEqual(expected.Losses, actual.Losses);
    }

    private static void AssertDiffer(Trained expected, Trained actual)
    {
        foreach (var (a, b) in new[] { (expected.A, actual.A), (expected.B, actual.B) })
            Assert.IsFalse(a.Zip(b).Any(rows => rows.First.SequenceEqual(rows.Second) && float.IsFinite(BitConverter.Int32BitsToSingle(rows.First[0]))));
    }
}
