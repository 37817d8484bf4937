using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Search;

[TestClass]
public sealed class EmbeddingIndexTests
{
    private const int Dimension = 7;

    private readonly MLContext _mlContext = new(seed: 1);

    private sealed class Row
    {
        [VectorType(Dimension)]
        public float[]? E { get; set; }

        [VectorType(3)]
        public float[] Short { get; set; } = [1, 2, 3];
    }

    [TestMethod]
    [DataRow(1, 1, 1)]
    [DataRow(3, 5, 2)]
    [DataRow(70, 131, 10)]
    [DataRow(33, 64, 64)]
    [DataRow(5, 6, 1000)]
    public void FindsWhatBruteForceFinds(int queries, int rows, int count)
    {
        var (q, r) = (Vectors(queries, 1), Vectors(rows, 2));
        var index = Operations.Catalog.CreateEmbeddingIndex(View(r), "E");
        Assert.AreEqual((rows, 0L, Dimension, false), (index.Count, index.SkippedRowCount, index.Dimension, index.UsesCsls));
        var found = index.Search(View(q), "E", count);
        for (var i = 0; i < queries; i++)
        {
            AssertRanking([.. r.Select(row => Cosine(q[i]!, row!))], count, found[i]);
            CollectionAssert.AreEqual(found[i].ToArray(), index.Search(q[i], count).ToArray(), "alone as among others");
        }
    }

    [TestMethod]
    [DataRow(40, 131, 30, 10, 10)]
    [DataRow(7, 5, 3, 4, 10)]
    [DataRow(9, 50, 60, 50, 1)]
    public void CslsIsThatOfTheDefinition(int queries, int rows, int bank, int count, int neighbours)
    {
        var (q, r, b) = (Vectors(queries, 1), Vectors(rows, 2), Vectors(bank, 3));
        var index = Operations.Catalog.CreateEmbeddingIndex(View(r), "E").WithCsls(View(b), "E", neighbours);
        Assert.IsTrue(index.UsesCsls);
        var found = index.Search(View(q), "E", count);
        for (var i = 0; i < queries; i++)
        {
            var own = Mean(r.Select(row => Cosine(q[i]!, row!)));
            AssertRanking([.. r.Select(row => 2 * Cosine(q[i]!, row!) - Mean(b.Select(other => Cosine(other!, row!))) - own)], count, found[i]);
        }

        double Mean(IEnumerable<double> cosines) => cosines.OrderDescending().Take(neighbours).Average();
    }

    [TestMethod]
    public void CslsTakesHubsOffTheTop()
    {
        // Row 0 lies in the middle of all queries, rows 1 and 2 each near one of them.
        float[][] rows = [[1, 1, 0.6f, 0, 0, 0, 0], [1, -1, 0.3f, 0, 0, 0, 0], [-1, 1, 0.3f, 0, 0, 0, 0]], queries = [[1, 0, 0.3f, 0, 0, 0, 0],
            [0, 1, 0.3f, 0, 0, 0, 0]];
        var plain = Operations.Catalog.CreateEmbeddingIndex(View(rows), "E");
        CollectionAssert.AreEqual(new long[] { 0, 0 }, plain.Search(View(queries), "E", 1).Select(found => found[0].Row).ToArray());
        CollectionAssert.AreEqual(new long[] { 1, 2 },
            plain.WithCsls(View(queries), "E", 2).Search(View(queries), "E", 1).Select(found => found[0].Row).ToArray());
    }

    [TestMethod]
    public void AbsentRowsAreLeftOutAndNumbersStay()
    {
        float[]?[] rows = [null, Unit(0), [.. Enumerable.Repeat(float.NaN, Dimension)], Unit(1), [0, 0, 0, 0, 0, 0, 0], Unit(0, 5)];
        var index = Operations.Catalog.CreateEmbeddingIndex(View(rows), "E");
        Assert.AreEqual((4, 2L), (index.Count, index.SkippedRowCount));
        var found = index.Search(View([Unit(0, -3), null, Unit(1, 0.1f)]), "E", 4);
        CollectionAssert.AreEqual(new EmbeddingMatch[] { new(3, 0), new(4, 0), new(1, -1), new(5, -1) }, found[0].ToArray(),
            "equal scores in the order of the rows");
        Assert.IsEmpty(found[1]);
        Assert.AreEqual(new EmbeddingMatch(3, 1), found[2][0]);
        Assert.IsEmpty(index.Search([.. Enumerable.Repeat(float.NaN, Dimension)], 3));
    }

    [TestMethod]
    public void WrongInputIsNamed()
    {
        var index = Operations.Catalog.CreateEmbeddingIndex(View(Vectors(4, 1)), "E");
        Assert.Contains("There is no embedding column 'Gone'",
            Assert.ThrowsExactly<ArgumentException>(() => Operations.Catalog.CreateEmbeddingIndex(View(Vectors(4, 1)), "Gone")).Message);
        Assert.AreEqual("Embedding column 'Short' has 3 dimensions; expected 7.",
            Assert.ThrowsExactly<ArgumentException>(() => index.Search(View(Vectors(4, 1)), "Short", 1)).Message);
        Assert.AreEqual("Embedding column 'Short' has 3 dimensions; expected 7.",
            Assert.ThrowsExactly<ArgumentException>(() => index.WithCsls(View(Vectors(4, 1)), "Short")).Message);
        Assert.Contains("The query has 2 dimensions; expected 7.", Assert.ThrowsExactly<ArgumentException>(() => index.Search([1, 2], 1)).Message);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => index.Search(Unit(0), 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => index.Search(View(Vectors(4, 1)), "E", 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => index.WithCsls(View(Vectors(4, 1)), "E", 0));
        Assert.Contains("of row 1 is ∞ in slot 0",
            Assert.ThrowsExactly<InvalidOperationException>(() => index.Search(View([Unit(0), Unit(0, float.PositiveInfinity)]), "E", 1)).Message
                .Replace("Infinity", "∞", StringComparison.Ordinal));
        Assert.AreEqual("No row has an embedding 'E'.",
            Assert.ThrowsExactly<InvalidOperationException>(() => Operations.Catalog.CreateEmbeddingIndex(View([null]), "E")).Message);
        Assert.AreEqual("No row of the bank has an embedding 'E'.",
            Assert.ThrowsExactly<InvalidOperationException>(() => index.WithCsls(View([null]), "E")).Message);
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => index.Search(View(Vectors(4, 1)), "E", 1, source.Token));
    }

    private static void AssertRanking(double[] scores, int count, IReadOnlyList<EmbeddingMatch> found)
    {
        Assert.HasCount(Math.Min(count, scores.Length), found);
        foreach (var ((row, score), expected) in found.Zip(scores.OrderDescending()))
        {
            Assert.AreEqual(expected, score, 2e-6); // the ranking's scores
            Assert.AreEqual(scores[row], score, 2e-6); // and each its row's
        }
        Assert.HasCount(found.Count, found.Select(match => match.Row).Distinct().ToArray());
    }

    private static double Cosine(float[] a, float[] b)
    {
        double dot = 0, x = 0, y = 0;
        for (var i = 0; i < a.Length; i++)
            (dot, x, y) = (dot + (double)a[i] * b[i], x + (double)a[i] * a[i], y + (double)b[i] * b[i]);
        return dot / Math.Sqrt(x * y);
    }

    private static float[] Unit(int slot, float value = 1) => [.. Enumerable.Range(0, Dimension).Select(i => i == slot ? value : 0)];

    private static float[]?[] Vectors(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, Dimension).Select(_ => (float)(random.NextDouble() - 0.4) * 3).ToArray())];
    }

    private IDataView View(IEnumerable<float[]?> rows) => _mlContext.Data.LoadFromEnumerable(rows.Select(row => new Row { E = row }));
}
