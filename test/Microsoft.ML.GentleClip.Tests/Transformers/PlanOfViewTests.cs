using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Tests.Runtime;
using static Microsoft.ML.GentleClip.Tests.Transformers.Scoring;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>A view, and whatever else computes rows, has one precision from its first row to its last, whatever is set meanwhile.</summary>
[TestClass]
public sealed class PlanOfViewTests
{
    private const int Rows = 900; // four windows, of which the third is computed while the fourth is read

    private static readonly ScoringOptions Rounded = new() { Precision = EncoderPrecision.BFloat16 };

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow(true, 1)]
    [DataRow(true, 300)]
    [DataRow(true, 700)]
    [DataRow(false, 300)]
    public void ACursorThatRunsKeepsItsPrecision(bool begunRounded, int readBefore)
    {
        Need();
        using var transformer = CreateTransformer();
        var rows = Load(TwoViews.Pairs(Rows, 1));
        var (first, second) = begunRounded ? (Rounded, new ScoringOptions()) : (new ScoringOptions(), Rounded);
        transformer.Scoring = first;
        var view = transformer.Transform(rows);
        var expected = Embeddings.Column(view, "EmbeddingA");
        transformer.Scoring = second;
        var other = Embeddings.Column(transformer.Transform(rows), "EmbeddingA");
        Assert.IsTrue(Enumerable.Range(0, Rows).All(row => !expected[row].AsSpan().SequenceEqual(other[row])), "another precision has other bits");

        transformer.Scoring = first;
        var found = new List<float[]>();
        using var cursor = view.GetRowCursor(Columns(view, "EmbeddingA"));
        var getter = cursor.GetGetter<VBuffer<float>>(view.Schema["EmbeddingA"]);
        VBuffer<float> value = default;
        while (cursor.MoveNext())
        {
            getter(ref value);
            found.Add(value.DenseValues().ToArray());
            if (found.Count == readBefore)
                transformer.Scoring = second;
        }
        AssertBits(expected, found);
        AssertBits(expected, Embeddings.Column(view, "EmbeddingA"), "a view that was made before");
    }

    [TestMethod]
    public void AnEngineOfPredictionKeepsItsPrecision()
    {
        Need();
        using var transformer = CreateTransformer();
        var rows = TwoViews.Pairs(20, 1);
        transformer.Scoring = Rounded;
        using var engine = Context.Model.CreatePredictionEngine<TwoViews.Row, ScoredA>(transformer, new PredictionEngineOptions { OwnsTransformer = false });
        var expected = rows.Select(row => engine.Predict(row).EmbeddingA).ToList();
        transformer.Scoring = new ScoringOptions();
        AssertBits(expected, [.. rows.Select(row => engine.Predict(row).EmbeddingA)]);
        using var later = Context.Model.CreatePredictionEngine<TwoViews.Row, ScoredA>(transformer, new PredictionEngineOptions { OwnsTransformer = false });
        Assert.IsFalse(expected[0].AsSpan().SequenceEqual(later.Predict(rows[0]).EmbeddingA), "made afterwards");
    }

    [TestMethod]
    public async Task ViewsOfBothPrecisionsAreReadAtATime()
    {
        Need();
        using var transformer = CreateTransformer();
        var rows = Load(TwoViews.Pairs(Rows, 1));
        var full = transformer.Transform(rows);
        transformer.Scoring = Rounded;
        var half = transformer.Transform(rows);
        var expected = new[] { full, half }.Select(view => Embeddings.Column(view, "EmbeddingA")).ToArray();
        using var start = new Barrier(4);
        var found = await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Factory.StartNew(() =>
        {
            start.SignalAndWait();
            return Embeddings.Column(thread % 2 == 0 ? full : half, "EmbeddingA");
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        foreach (var (thread, column) in found.Index())
            AssertBits(expected[thread % 2], column, $"thread {thread}");
    }

    private static void AssertBits(IReadOnlyList<float[]> expected, IReadOnlyList<float[]> found, string message = "")
    {
        Assert.HasCount(expected.Count, found, message);
        for (var row = 0; row < expected.Count; row++)
            Assert.IsTrue(expected[row].AsSpan().SequenceEqual(found[row]), $"{message}, row {row}");
    }

    private void Need()
    {
        if (BFloat16Products.Missing(TorchSharp.torch.CPU) is { } reason)
            Skip.Because(TestContext, reason);
    }
}
