using Microsoft.ML.Data;
using static Microsoft.ML.GentleClip.Tests.Transformers.Scoring;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

[TestClass]
public sealed class OverlapTests
{
    private const int Rows = 1000;

    [TestMethod]
    [DataRow(1)]
    [DataRow(7)]
    [DataRow(100)]
    [DataRow(333)]
    public void OverlapChangesNoBit(int window)
    {
        using var transformer = CreateTransformer();
        var source = Load(Gaps(Rows));
        foreach (var (requireA, requireB) in new[] { (false, false), (true, false), (true, true) })
        {
            var (plain, overlapping) = (View(transformer, source, window, requireA, requireB, overlap: false),
                View(transformer, source, window, requireA, requireB));
            foreach (var column in new[] { "EmbeddingA", "EmbeddingB" })
                Embeddings.AssertEqualBits(Embeddings.Bits(plain, column), Embeddings.Bits(overlapping, column));
            CollectionAssert.AreEqual(plain.GetColumn<string>("Name").ToArray(), overlapping.GetColumn<string>("Name").ToArray());
        }
    }

    [TestMethod]
    public void PassThroughValuesAndIdsStayWithTheirRows()
    {
        using var transformer = CreateTransformer();
        var rows = Gaps(Rows);
        var view = View(transformer, Load(rows), 64);
        using var cursor = view.GetRowCursor(view.Schema);
        var name = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Name"]);
        var a = cursor.GetGetter<VBuffer<float>>(view.Schema["A"]);
        var id = cursor.GetIdGetter();
        var (text, values, rowId, row) = (default(ReadOnlyMemory<char>), default(VBuffer<float>), default(DataViewRowId), 0);
        for (; cursor.MoveNext(); row++)
        {
            name(ref text);
            a(ref values);
            id(ref rowId);
            Assert.AreEqual(($"row {row}", (ulong)row, (long)row), (text.ToString(), rowId.Low, cursor.Position));
            CollectionAssert.AreEqual(rows[row].A ?? [], values.DenseValues().ToArray());
        }
        Assert.AreEqual(Rows, row);
    }

    [TestMethod]
    public void TheSourceIsReadByTheCallersThreadOneWindowAhead()
    {
        using var transformer = CreateTransformer();
        var thread = Environment.CurrentManagedThreadId;
        var upstream = new CountingView(Load(TwoViews.Pairs(Rows, 1)))
        {
            OnMove = _ => Assert.AreEqual(thread, Environment.CurrentManagedThreadId),
            OnGet = (_, _) => Assert.AreEqual(thread, Environment.CurrentManagedThreadId),
        };
        var view = View(transformer, upstream, 100);
        using (var cursor = view.GetRowCursor(Columns(view, "EmbeddingA")))
        {
            for (var row = 0; row < Rows; row++)
            {
                Assert.IsTrue(cursor.MoveNext());
                var windows = row / 100 + 1;
                Assert.AreEqual(Math.Min(Rows, 100 * (windows <= 2 ? windows : windows + 1)), upstream.RowsRead, $"at row {row}");
            }
            Assert.IsFalse(cursor.MoveNext());
        }
        Assert.AreEqual(10, Passes(transformer).A);
        Assert.AreEqual(0, upstream.OpenCursors);
    }

    [TestMethod]
    [DataRow(50)]
    [DataRow(250)]
    [DataRow(300)]
    [DataRow(999)]
    public void AFailureUpstreamComesAtItsRow(int bad)
    {
        using var transformer = CreateTransformer();
        var upstream = new CountingView(Load(TwoViews.Pairs(Rows, 1))) { OnGet = (_, position) => { if (position == bad) throw new InvalidDataException(); } };
        var view = View(transformer, upstream, 100);
        using var cursor = view.GetRowCursor(Columns(view, "EmbeddingA"));
        for (var row = 0; row < bad; row++)
            Assert.IsTrue(cursor.MoveNext(), $"row {row}");
        Assert.ThrowsExactly<InvalidDataException>(() => cursor.MoveNext());
        Assert.ThrowsExactly<InvalidDataException>(() => cursor.MoveNext());
    }

    [TestMethod]
    public void CursorsLeftWhileComputingEndCleanly()
    {
        using var transformer = CreateTransformer();
        var view = View(transformer, Load(TwoViews.Pairs(Rows, 1)), 100);
        var before = LiveTensors.Settled();
        for (var round = 0; round < 50; round++)
        {
            using var cursor = view.GetRowCursor(Columns(view, "EmbeddingA", "EmbeddingB"));
            for (var row = 0; row <= 200; row++)
                cursor.MoveNext();
        }
        LiveTensors.AssertAtMost(before);
    }

    [TestMethod]
    public void ASetBatchSizeBoundsThePasses()
    {
        using var transformer = CreateTransformer();
        transformer.Scoring = new() { BatchSize = 100 };
        var source = Load(TwoViews.Pairs(Rows, 1));
        var small = Embeddings.Column(transformer.Transform(source), "EmbeddingA");
        Assert.AreEqual(3 * 3 + 3, Passes(transformer).A); // windows of 256: 100, 100, 56; the last one of 232
        transformer.Scoring = new() { BatchSize = 500 };
        var large = Embeddings.Column(transformer.Transform(source), "EmbeddingA");
        Assert.AreEqual(12 + 2, Passes(transformer).A);
        for (var i = 0; i < Rows; i++)
            AssertClose(small[i], large[i], $"row {i}");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => transformer.Scoring = new() { BatchSize = 0 });
        Assert.ThrowsExactly<ArgumentNullException>(() => transformer.Scoring = null!);
    }

    [TestMethod]
    public void RowsAreNotAllocatedFor()
    {
        using var transformer = CreateTransformer();
        transformer.Scoring = new() { Overlap = false };
        var view = transformer.Transform(Context.Data.Cache(Load(TwoViews.Pairs(20_000, 1)), "A", "B"));
        ReadAll(view, "EmbeddingA", "EmbeddingB"); // fills the cache
        var (few, many) = (Allocated(2_560), Allocated(17_920));
        // What a pass of 256 rows allocates are its tensors' handles: none of the data's size, which is 32 numbers a row.
        Assert.IsLessThan(64.0, (many - few) / 15_360.0, $"bytes a row; {few} for 2,560 rows, {many} for 17,920");

        long Allocated(int rows)
        {
            using var cursor = view.GetRowCursor(Columns(view, "EmbeddingA", "EmbeddingB"));
            var (a, b) = (cursor.GetGetter<VBuffer<float>>(view.Schema["EmbeddingA"]), cursor.GetGetter<VBuffer<float>>(view.Schema["EmbeddingB"]));
            var value = default(VBuffer<float>);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var row = 0; row < rows; row++)
            {
                cursor.MoveNext();
                a(ref value);
                b(ref value);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
