using Microsoft.ML.GentleClip.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

[TestClass]
public sealed class NativeHeapTests
{
    [TestMethod]
    public void ReturnsFreedPagesWhereGlibcKeepsThem()
    {
        NativeHeap.Trim();
        if (!NativeHeap.CanTrim)
            return;
        GivesBack(NativeHeap.Trim);
    }

    /// <summary>A process that only scores gives back what passes of many lengths leave: in a view, and row by row.</summary>
    [TestMethod]
    public void ScoringReturnsThemNowAndThen()
    {
        if (!NativeHeap.CanTrim)
            return;
        var mlContext = new MLContext(seed: 1);
        using var model = mlContext.Transforms.GentleClip(TwoViews.Options(steps: 1)).Fit(mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(20, 1)));
        var rows = mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(3, 2));
        using var engine = mlContext.Model.CreatePredictionEngine<TwoViews.Row, Scored>(model, new PredictionEngineOptions { OwnsTransformer = false });
        GivesBack(() => Embeddings.Column(model.Transform(rows), "EmbeddingA"));
        GivesBack(() => engine.Predict(TwoViews.Pairs(1, 3)[0]));
    }

    private sealed class Scored
    {
        public float[]? EmbeddingA { get; set; }
    }

    private static void GivesBack(Action act)
    {
        // Blocks below glibc's threshold for own mappings, with a live one above each: the heap cannot shrink from its end.
        var blocks = Enumerable.Range(0, 2000).Select(_ => (Freed: torch.ones(25_000), Kept: torch.ones(16))).ToArray();
        foreach (var (freed, _) in blocks)
            freed.Dispose();
        Thread.Sleep(1100); // more often than once per second it is not done
        var before = Environment.WorkingSet;
        act();
        Assert.IsLessThan(before - 100_000_000, Environment.WorkingSet);
        foreach (var (_, kept) in blocks)
            kept.Dispose();
    }
}
