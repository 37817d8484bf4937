using System.Globalization;
using Microsoft.ML.Data;
using static Microsoft.ML.GentleClip.Tests.Transformers.Scoring;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

[TestClass]
public sealed class CursorSetTests
{
    private const int Rows = 3000;

    private sealed record Part(long Batch, string Cells, float[] A, float[] B);

    [TestMethod]
    [DataRow(1, false)]
    [DataRow(2, false)]
    [DataRow(3, false)]
    [DataRow(4, false)]
    [DataRow(4, true)]
    public void ASetOverACacheMergesToTheSingleCursor(int n, bool requireA)
    {
        using var transformer = CreateTransformer();
        var source = Context.Data.Cache(Load(Gaps(Rows, withNulls: false)));
        ReadAll(source, "A", "B", "Name"); // fills the cache
        AssertMergesToTheSingleCursor(View(transformer, source, window: 256, requireA), n, expectedRows: requireA ? 2000 : Rows);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(4)]
    public void ASetOverATextFileMergesToTheSingleCursor(int n)
    {
        using var transformer = CreateTransformer();
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(file, TwoViews.Pairs(Rows, 3).Select(row => string.Join('\t',
                row.A!.Concat(row.B!).Select(value => value.ToString("R", CultureInfo.InvariantCulture)).Append(row.Name))));
            var source = Context.Data.LoadFromTextFile(file,
            [
                new("A", DataKind.Single, 0, TwoViews.DimensionA - 1),
                new("B", DataKind.Single, TwoViews.DimensionA, TwoViews.DimensionA + TwoViews.DimensionB - 1),
                new("Name", DataKind.String, TwoViews.DimensionA + TwoViews.DimensionB),
            ]);
            AssertMergesToTheSingleCursor(transformer.Transform(source), n, Rows);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void AssertMergesToTheSingleCursor(IDataView view, int n, int expectedRows)
    {
        List<Part> single;
        using (var cursor = view.GetRowCursor(view.Schema))
            single = Read(cursor);
        Assert.HasCount(expectedRows, single);

        var set = view.GetRowCursorSet(view.Schema, n);
        Assert.HasCount(n, set, "the source splits, or the test shows nothing");
        var parts = new List<Part>[set.Length];
        // One thread each: the cursors of a file share its lines and may wait for one another.
        using (var all = new Barrier(set.Length))
        {
            var threads = set.Select((cursor, k) => new Thread(() => parts[k] = Read(cursor, all))).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
        }
        Array.ForEach(set, cursor => cursor.Dispose());
        Assert.IsGreaterThanOrEqualTo(Math.Min(n, 2), parts.Count(part => part.Count > 0), "one cursor took all rows");
        foreach (var part in parts)
            CollectionAssert.AreEqual(part.Select(row => row.Batch).Order().ToList(), part.ConvertAll(row => row.Batch), "batches never decrease");
        Assert.HasCount(parts.SelectMany(part => part.Select(row => row.Batch)).Distinct().Count(),
            parts.SelectMany(part => part.Select(row => row.Batch).Distinct()).ToList(), "a batch belongs to one cursor");

        var merged = parts.SelectMany(part => part).OrderBy(row => row.Batch).ToList(); // stable
        Assert.HasCount(single.Count, merged);
        for (var row = 0; row < single.Count; row++)
        {
            Assert.AreEqual(single[row].Cells, merged[row].Cells);
            AssertClose(single[row].A, merged[row].A, $"A of row {row}");
            AssertClose(single[row].B, merged[row].B, $"B of row {row}");
        }
    }

    private static List<Part> Read(DataViewRowCursor cursor, Barrier? pace = null)
    {
        var cells = new[] { "A", "B", "Name" }.Select(name => Cells.Reader(cursor, cursor.Schema[name])).ToList();
        var getId = cursor.GetIdGetter();
        var getA = cursor.GetGetter<VBuffer<float>>(cursor.Schema["EmbeddingA"]);
        var getB = cursor.GetGetter<VBuffer<float>>(cursor.Schema["EmbeddingB"]);
        VBuffer<float> a = default, b = default;
        var rows = new List<Part>();
        pace?.SignalAndWait();
        while (cursor.MoveNext())
        {
            DataViewRowId id = default;
            getId(ref id);
            getA(ref a);
            getB(ref b);
            Assert.AreEqual(rows.Count, cursor.Position);
            rows.Add(new Part(cursor.Batch, $"{id} {string.Join(" | ", cells.Select(cell => cell()))}", [.. a.DenseValues()], [.. b.DenseValues()]));
        }
        return rows;
    }
}
