using Microsoft.ML.Data;
using static Microsoft.ML.GentleClip.Tests.Transformers.Scoring;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>What the next estimator of a pipeline is fitted on.</summary>
[TestClass]
public sealed class TrainingRowsViewTests
{
    private const int Rows = 600;

    [TestMethod]
    [DataRow(true, false, "A")]
    [DataRow(false, true, "B")]
    [DataRow(true, true, "A,B")]
    public void FilteringReadsPresenceAlone(bool requireA, bool requireB, string presence)
    {
        using var transformer = CreateTransformer();
        var upstream = new CountingView(Load(Gaps(Rows)));
        var kept = Kept(requireA, requireB);
        Assert.AreEqual(kept.Count, ReadAll(View(transformer, upstream, 256, requireA, requireB), "Name"));
        CollectionAssert.AreEquivalent(presence.Split(',').Append("Name").ToArray(), upstream.Opened.Single().Split(','));
        Assert.AreEqual(kept.Count, upstream.Calls("Name"), "other columns of rows that are left out are not computed");
        Assert.AreEqual(kept.Count, upstream.IdCalls);
        Assert.AreEqual(requireA ? Rows : 0, upstream.Calls("A"));
        // B decides only where A is there.
        Assert.AreEqual(!requireB ? 0 : requireA ? Kept(true, false).Count : Rows, upstream.Calls("B"));
        Assert.AreEqual((0L, 0L), Passes(transformer), "whether a side is there does not take its embedding");
    }

    [TestMethod]
    [DataRow(true, false)]
    [DataRow(false, true)]
    [DataRow(true, true)]
    public void KeptRowsKeepOrderIdsAndValues(bool requireA, bool requireB)
    {
        using var transformer = CreateTransformer();
        var source = Load(Gaps(Rows));
        var view = View(transformer, source, 50, requireA, requireB);
        Assert.IsNull(view.GetRowCount());
        Assert.AreEqual(Rows, View(transformer, source, 50).GetRowCount());

        using var all = transformer.Transform(source).GetRowCursor(source.Schema);
        var expected = Cells.Rows(all, source.Schema, withPosition: false);
        using var filtered = view.GetRowCursor(view.Schema);
        var actual = Cells.Rows(filtered, view.Schema.Take(source.Schema.Count), withPosition: false);
        CollectionAssert.AreEqual(Kept(requireA, requireB).ConvertAll(i => expected[i]), actual);

        using var positions = view.GetRowCursor(Columns(view, "EmbeddingA"));
        var rows = 0;
        for (; positions.MoveNext(); rows++)
            Assert.AreEqual(rows, positions.Position);
        Assert.AreEqual(actual.Count, rows);

        foreach (var (name, required) in new[] { ("EmbeddingA", requireA), ("EmbeddingB", requireB) })
        {
            var full = Embeddings.Column(transformer.Transform(source), name);
            var column = Embeddings.Column(view, name);
            foreach (var (row, i) in Kept(requireA, requireB).Select((row, i) => (row, i)))
                AssertClose(full[row], column[i], $"{name} of row {row}");
            if (required)
                Assert.IsTrue(column.All(row => row.All(float.IsFinite)));
        }
    }

    [TestMethod]
    public void AWindowIsFilledWithKeptRows()
    {
        using var transformer = CreateTransformer();
        ReadAll(View(transformer, Load(Gaps(Rows)), 100, requireA: true), "EmbeddingA");
        Assert.AreEqual((4L, 0L), Passes(transformer)); // 400 rows have A
        var none = TwoViews.Pairs(Rows, 1);
        none.ForEach(row => row.A = null);
        Assert.AreEqual(0, ReadAll(View(transformer, Load(none), 100, requireA: true), "EmbeddingA", "Name"));
    }

    [TestMethod]
    [DataRow(TrainingRows.All, 60)]
    [DataRow(TrainingRows.WithA, 40)]
    [DataRow(TrainingRows.WithB, 35)]
    [DataRow(TrainingRows.WithBoth, 15)]
    public void APipelineShowsThemToTheNextEstimatorAlone(TrainingRows rows, int expected)
    {
        var options = TwoViews.Options(steps: 2);
        options.TrainingRows = rows;
        options.PairedColumnName = "IsPaired";
        var data = Load(TwoViews.Mixed(pairs: 15, unpairedA: 25, unpairedB: 20));
        var next = new Spy();
        using var model = Context.Transforms.GentleClip(options).Append(next).Fit(data);
        Assert.AreEqual(expected, next.RowsSeen);
        Assert.AreEqual(60, ReadAll(model.Transform(data), "EmbeddingA"));
    }

    private static List<int> Kept(bool requireA, bool requireB) =>
        [.. Enumerable.Range(0, Rows).Where(i => !(requireA && i % 3 == 2) && !(requireB && i % 5 == 4))];

    /// <summary>An estimator that counts the rows it is fitted on and does nothing.</summary>
    private sealed class Spy : IEstimator<ITransformer>
    {
        public int RowsSeen { get; private set; }

        public ITransformer Fit(IDataView input)
        {
            RowsSeen = ReadAll(input, "Name");
            return new TransformerChain<ITransformer>();
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => inputSchema;
    }
}
