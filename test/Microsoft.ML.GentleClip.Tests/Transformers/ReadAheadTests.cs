using Microsoft.ML.GentleClip.Transformers;
using static Microsoft.ML.GentleClip.Tests.Transformers.Scoring;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

[TestClass]
public sealed class ReadAheadTests
{
    private const int Rows = 1000;

    [TestMethod]
    [DataRow(1, 1000)]
    [DataRow(100, 10)]
    [DataRow(EmbeddingDataView.DefaultWindow, 4)]
    [DataRow(1000, 1)]
    [DataRow(5000, 1)]
    public void EveryTowerRunsOncePerWindow(int window, int expectedPasses)
    {
        using var transformer = CreateTransformer();
        Assert.AreEqual(Rows, ReadAll(View(transformer, Load(TwoViews.Pairs(Rows, 1)), window), "EmbeddingA", "EmbeddingB"));
        Assert.AreEqual((expectedPasses, expectedPasses), Passes(transformer));
    }

    [TestMethod]
    public void TransformReadsTheDefaultWindowAhead()
    {
        using var transformer = CreateTransformer();
        var upstream = new CountingView(Load(TwoViews.Pairs(Rows, 1)));
        var view = transformer.Transform(upstream);
        using (var cursor = view.GetRowCursor(Columns(view, "EmbeddingA")))
        {
            Assert.AreEqual(0, upstream.RowsRead);
            for (var row = 0; row < EmbeddingDataView.DefaultWindow; row++)
            {
                Assert.IsTrue(cursor.MoveNext());
                Assert.AreEqual(EmbeddingDataView.DefaultWindow, upstream.RowsRead);
            }
            Assert.IsTrue(cursor.MoveNext());
            Assert.AreEqual(2 * EmbeddingDataView.DefaultWindow, upstream.RowsRead);
        }
        Assert.AreEqual((2L, 0L), Passes(transformer));
        Assert.AreEqual(Rows, ReadAll(view, "EmbeddingA", "EmbeddingB"));
        Assert.AreEqual((6L, 4L), Passes(transformer));
    }

    [TestMethod]
    [DataRow("EmbeddingA", "A", 4, 0)]
    [DataRow("EmbeddingB", "B", 0, 4)]
    public void OnlyTheRequestedTowerRunsAndReads(string output, string input, int passesA, int passesB)
    {
        using var transformer = CreateTransformer();
        var upstream = new CountingView(Load(TwoViews.Pairs(Rows, 1)));
        ReadAll(transformer.Transform(upstream), output);
        Assert.AreEqual((passesA, passesB), Passes(transformer));
        CollectionAssert.AreEqual(new[] { input }, upstream.Opened.ToArray());
        Assert.AreEqual(Rows, upstream.Calls(input));
        Assert.AreEqual(0, upstream.Calls(input == "A" ? "B" : "A"));
    }

    [TestMethod]
    public void UpstreamGettersAreCalledOnceARow()
    {
        using var transformer = CreateTransformer();
        var upstream = new CountingView(Load(TwoViews.Pairs(Rows, 1)));
        var view = transformer.Transform(upstream);
        // A is both passed through and embedded, B is embedded alone; every getter is called twice, and Name by two getters.
        ReadAll(view, "Name", "A", "EmbeddingA", "EmbeddingB", "EmbeddingA", "Name", "A");
        CollectionAssert.AreEquivalent(new[] { "Name", "A", "B" }, upstream.Opened.Single().Split(','));
        foreach (var column in new[] { "Name", "A", "B" })
            Assert.AreEqual(Rows, upstream.Calls(column), column);
        Assert.AreEqual(0, upstream.Calls("Cluster"));
        Assert.AreEqual(Rows, upstream.IdCalls);
        Assert.AreEqual(Rows, upstream.RowsRead);
        Assert.AreEqual((4L, 4L), Passes(transformer));
    }

    [TestMethod]
    public void NothingOfOursIsAPlainPassThrough()
    {
        using var transformer = CreateTransformer();
        var upstream = new CountingView(Load(TwoViews.Pairs(Rows, 1)));
        var view = transformer.Transform(upstream);
        using (var cursor = view.GetRowCursor(Columns(view, "Name", "A")))
        {
            Assert.IsTrue(cursor.MoveNext());
            Assert.AreEqual(1, upstream.RowsRead, "no row is read ahead");
            Assert.AreEqual(0, upstream.Calls("A"), "no getter is called before it is asked for");
        }
        ReadAll(view, "Name");
        using (var cursor = view.GetRowCursor([]))
            while (cursor.MoveNext())
                Assert.IsGreaterThanOrEqualTo(0, cursor.Position);
        CollectionAssert.AreEqual(new[] { "Name,A", "Name", "" }, upstream.Opened.ToArray());
        Assert.AreEqual((0L, 0L), Passes(transformer));
        Assert.AreEqual(0, upstream.OpenCursors);
    }

    [TestMethod]
    public void RowsWithoutASampleTakeNoForwardPass()
    {
        using var transformer = CreateTransformer();
        var rows = TwoViews.Pairs(Rows, 1);
        rows.ForEach(row => row.B = null);
        var view = transformer.Transform(Load(rows));
        Assert.IsTrue(Embeddings.Column(view, "EmbeddingB").All(row => row.Length == 16 && row.All(float.IsNaN)));
        Assert.AreEqual((0L, 0L), Passes(transformer));
        ReadAll(transformer.Transform(Load([])), "EmbeddingA", "EmbeddingB");
        Assert.AreEqual((0L, 0L), Passes(transformer));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(7)]
    [DataRow(256)]
    public void EveryRowGetsItsOwnEmbedding(int window)
    {
        using var transformer = CreateTransformer();
        var rows = Gaps(600);
        var view = View(transformer, Load(rows), window);
        var (a, b) = (Embeddings.Column(view, "EmbeddingA"), Embeddings.Column(view, "EmbeddingB"));
        for (var i = 0; i < rows.Count; i++)
        {
            AssertClose(Reference(transformer.Model.TowerA, rows[i].A), a[i], $"A of row {i}");
            AssertClose(Reference(transformer.Model.TowerB, rows[i].B), b[i], $"B of row {i}");
        }

        static float[] Reference(Microsoft.ML.GentleClip.Models.Tower tower, float[]? sample)
        {
            if (sample is null || float.IsNaN(sample[0]))
                return [.. Enumerable.Repeat(float.NaN, 16)];
            using var scope = TorchSharp.torch.NewDisposeScope();
            using var frozen = TorchSharp.torch.no_grad();
            return tower.Embed(new GentleClip.Modalities.VectorBatch(TorchSharp.torch.tensor(sample).reshape(1, -1)), noise: null).data<float>().ToArray();
        }
    }

    [TestMethod]
    public void PartlyMissingOrInfiniteVectorsAndOthersGetNaN()
    {
        using var transformer = CreateTransformer();
        var rows = TwoViews.Pairs(6, 1);
        rows[1].A![3] = float.NaN;
        rows[2].A![0] = float.PositiveInfinity;
        rows[3].A = [];
        Array.Fill(rows[4].A!, float.NaN);
        var embeddings = Embeddings.Column(transformer.Transform(Load(rows)), "EmbeddingA");
        for (var i = 0; i < rows.Count; i++)
            Assert.IsTrue(embeddings[i].All(value => float.IsNaN(value) == i is > 0 and < 5), $"row {i}");
    }
}
