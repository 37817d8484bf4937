namespace Microsoft.ML.GentleClip.Tests.Estimators;

[TestClass]
public sealed class FitTests
{
    [TestMethod]
    public void LearnsToRetrieveHeldOutPartners()
    {
        var mlContext = new MLContext(seed: 1);
        var train = mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(pairs: 60, unpairedA: 150, unpairedB: 120));
        var test = mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(100, seed: 77));
        using var model = mlContext.Transforms.GentleClip(TwoViews.Options(steps: 300)).Fit(train);
        var scored = model.Transform(test);
        var (a, b) = (Embeddings.Column(scored, "EmbeddingA"), Embeddings.Column(scored, "EmbeddingB"));
        var hits = Enumerable.Range(0, a.Length)
            .Count(i => Enumerable.Range(0, b.Length).All(j => i == j || Embeddings.Dot(a[i], b[j]) < Embeddings.Dot(a[i], b[i])));
        // Chance is 1 of 100; this world is easy, 98 and 99 were seen.
        Assert.IsGreaterThan(80, hits);
    }
}
