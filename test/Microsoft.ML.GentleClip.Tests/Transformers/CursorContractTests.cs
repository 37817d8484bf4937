using Microsoft.ML.Data;
using static Microsoft.ML.GentleClip.Tests.Transformers.Scoring;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

[TestClass]
public sealed class CursorContractTests
{
    [TestMethod]
    [DataRow("EmbeddingA")]
    [DataRow("Name")]
    public void PositionFollowsMlNet(string column)
    {
        using var transformer = CreateTransformer();
        var view = transformer.Transform(Load(TwoViews.Pairs(300, 1)));
        using var cursor = view.GetRowCursor(Columns(view, column));
        Assert.AreEqual(-1, cursor.Position);
        for (var row = 0; row < 300; row++)
        {
            Assert.IsTrue(cursor.MoveNext());
            Assert.AreEqual(row, cursor.Position);
        }
        for (var again = 0; again < 3; again++)
        {
            Assert.IsFalse(cursor.MoveNext());
            Assert.AreEqual(-1, cursor.Position);
        }
    }

    [TestMethod]
    public void ValuesAreRefusedOffTheRows()
    {
        using var transformer = CreateTransformer();
        var view = transformer.Transform(Load(TwoViews.Pairs(3, 1)));
        using var cursor = view.GetRowCursor(view.Schema);
        var cells = view.Schema.Select(column => Cells.Reader(cursor, column)).ToList();
        var getId = cursor.GetIdGetter();
        RefusesAll();
        while (cursor.MoveNext())
            cells.ForEach(cell => cell());
        RefusesAll();

        void RefusesAll()
        {
            DataViewRowId id = default;
            foreach (var read in cells.Append(() => { getId(ref id); return ""; }))
                StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => read()).Message, "not on a row");
        }
    }

    [TestMethod]
    [DataRow("EmbeddingA")]
    [DataRow("Cluster")]
    public void WrongTypesAndInactiveColumnsAreNamed(string requested)
    {
        using var transformer = CreateTransformer();
        var view = transformer.Transform(Load(TwoViews.Pairs(3, 1)));
        using var cursor = view.GetRowCursor(Columns(view, requested));
        foreach (var column in view.Schema)
        {
            Assert.AreEqual(column.Name == requested, cursor.IsColumnActive(column), column.Name);
            if (column.Name != requested)
                StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => cursor.GetGetter<int>(column)).Message,
                    $"Column '{column.Name}' is not active");
        }
        var message = Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<double>(view.Schema[requested])).Message;
        StringAssert.Contains(message, $"'{requested}'");
        StringAssert.Contains(message, "System.Double");
        StringAssert.Contains(message, view.Schema[requested].Type.RawType.ToString());
    }

    [TestMethod]
    public void RowsOfAMapperKeepTheSameContract()
    {
        using var transformer = CreateTransformer();
        var upstream = new CountingView(Load(Gaps(40)));
        var mapper = transformer.GetRowToRowMapper(upstream.Schema);
        var view = transformer.Transform(Load(Gaps(40)));
        CollectionAssert.AreEqual(new[] { "B" }, mapper.GetDependencies(Columns(view, "EmbeddingB")).Select(column => column.Name).ToArray());
        CollectionAssert.AreEquivalent(new[] { "B", "Name" },
            mapper.GetDependencies(Columns(view, "EmbeddingB", "Name", "B")).Select(column => column.Name).ToArray());
        var expected = Embeddings.Column(view, "EmbeddingB");
        var passes = Passes(transformer);
        using (var input = upstream.GetRowCursor(upstream.Schema))
        {
            using var row = mapper.GetRow(input, Columns(view, "EmbeddingB", "Name"));
            Assert.IsFalse(row.IsColumnActive(view.Schema["EmbeddingA"]));
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => row.GetGetter<VBuffer<float>>(view.Schema["EmbeddingA"])).Message,
                "'EmbeddingA' is not active");
            StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => row.GetGetter<int>(view.Schema["Name"])).Message, "'Name'");
            StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => row.GetGetter<int>(view.Schema["EmbeddingB"])).Message, "'EmbeddingB'");
            var getter = row.GetGetter<VBuffer<float>>(view.Schema["EmbeddingB"]);
            VBuffer<float> value = default;
            for (var i = 0; input.MoveNext(); i++)
            {
                Assert.AreEqual(i, row.Position);
                getter(ref value);
                var editor = VBufferEditor.CreateFromBuffer(ref value);
                editor.Values.Clear();
                getter(ref value);
                AssertClose(expected[i], [.. value.DenseValues()], $"row {i}");
            }
            Assert.AreEqual(1, upstream.OpenCursors);
        }
        Assert.AreEqual(0, upstream.OpenCursors, "a row disposes the row it wraps");
        Assert.AreEqual(40, upstream.Calls("B"), "asked for twice at a position, computed once");
        Assert.AreEqual(passes with { B = passes.B + 32 }, Passes(transformer));
    }

    [TestMethod]
    public void AnUpstreamFailureSurfacesAtItsOwnRow()
    {
        using var transformer = CreateTransformer();
        var rows = TwoViews.Pairs(300, 1);
        var expected = Embeddings.Bits(transformer.Transform(Load([.. rows.Take(100)])), "EmbeddingA");
        foreach (var failsIn in new[] { "A", "B", "Name", "MoveNext" })
        {
            var upstream = new CountingView(Load(rows));
            if (failsIn == "MoveNext")
                upstream.OnMove = position => Fail(position == 99);
            else
                upstream.OnGet = (column, position) => Fail(column == failsIn && position == 100);
            var view = transformer.Transform(upstream);
            using (var cursor = view.GetRowCursor(Columns(view, "Name", "EmbeddingB", "EmbeddingA")))
            {
                var getter = cursor.GetGetter<VBuffer<float>>(view.Schema["EmbeddingA"]);
                VBuffer<float> value = default;
                for (var row = 0; row < 100; row++)
                {
                    Assert.IsTrue(cursor.MoveNext(), failsIn);
                    getter(ref value);
                    CollectionAssert.AreEqual(expected[row], value.DenseValues().Select(BitConverter.SingleToInt32Bits).ToArray());
                }
                // It is not swallowed by asking again: the rows behind it would be missing.
                for (var attempt = 0; attempt < 2; attempt++)
                {
                    Assert.AreEqual("broken row", Assert.ThrowsExactly<InvalidDataException>(() => cursor.MoveNext()).Message);
                    Assert.AreEqual(-1, cursor.Position);
                    Assert.ThrowsExactly<InvalidOperationException>(() => getter(ref value));
                }
            }
            Assert.AreEqual(0, upstream.OpenCursors);
        }

        static void Fail(bool now)
        {
            if (now)
                throw new InvalidDataException("broken row");
        }
    }

    [TestMethod]
    public void FailuresWhileOpeningDisposeUpstreamsCursor()
    {
        using var transformer = CreateTransformer();
        var upstream = new FailingIdView(Load(TwoViews.Pairs(3, 1)));
        Assert.ThrowsExactly<NotSupportedException>(() => transformer.Transform(upstream).GetRowCursor(Columns(transformer.Transform(upstream), "EmbeddingA")));
        Assert.IsTrue(upstream.Disposed);
    }

    [TestMethod]
    public void ADisposedCursorIsSafeToTouch()
    {
        using var transformer = CreateTransformer();
        var upstream = new CountingView(Load(TwoViews.Pairs(300, 1)));
        var view = transformer.Transform(upstream);
        var cursor = view.GetRowCursor(view.Schema);
        var getter = cursor.GetGetter<VBuffer<float>>(view.Schema["EmbeddingA"]);
        Assert.IsTrue(cursor.MoveNext());
        cursor.Dispose();
        cursor.Dispose();
        VBuffer<float> value = default;
        Assert.ThrowsExactly<InvalidOperationException>(() => getter(ref value));
        Assert.ThrowsExactly<ObjectDisposedException>(() => cursor.MoveNext());
        Assert.AreEqual(-1, cursor.Position);
        Assert.AreEqual(0, upstream.OpenCursors);
    }

    [TestMethod]
    public void ShufflingIsUpstreams()
    {
        using var transformer = CreateTransformer();
        var upstream = new CountingView(Context.Data.Cache(Load(Gaps(500, withNulls: false))));
        var view = transformer.Transform(upstream);
        Assert.IsTrue(view.CanShuffle);
        Assert.IsFalse(transformer.Transform(new OwnedValueView(Load(Gaps(5)))).CanShuffle);
        using var plain = upstream.GetRowCursor(Columns(upstream, "Name", "A"), new Random(11));
        using var scored = view.GetRowCursor(Columns(view, "EmbeddingA", "Name", "A"), new Random(11));
        var expected = Cells.Rows(plain, Columns(upstream, "Name", "A"));
        CollectionAssert.AreEqual(expected, Cells.Rows(scored, Columns(view, "Name", "A")));
        Assert.IsTrue(upstream.Opened.All(opened => opened.EndsWith("shuffled", StringComparison.Ordinal)));
        using var ordered = view.GetRowCursor(Columns(view, "Name", "A"));
        var inOrder = Cells.Rows(ordered, Columns(view, "Name", "A"), withPosition: false);
        Assert.AreNotEqual(inOrder[0].Split(':')[1], expected[0].Split(':')[1]);
    }

    [TestMethod]
    public void SeveralCursorsDoNotDisturbEachOther()
    {
        using var transformer = CreateTransformer();
        var view = transformer.Transform(Load(Gaps(600)));
        var columns = view.Schema.ToList();
        using var alone = view.GetRowCursor(columns);
        var expected = Cells.Rows(alone, columns);
        var cursors = Enumerable.Range(0, 4).Select(_ => view.GetRowCursor(columns)).ToList();
        var cells = cursors.ConvertAll(cursor => columns.ConvertAll(column => Cells.Reader(cursor, column)));
        for (var step = 0; step < 600 + 3 * 100; step++)
        {
            for (var k = 0; k < cursors.Count; k++)
            {
                var row = step - 100 * k; // each lags 100 rows behind the one before
                if (row is < 0 or >= 600)
                    continue;
                Assert.IsTrue(cursors[k].MoveNext());
                StringAssert.EndsWith(expected[row], string.Join(" | ", cells[k].Select(cell => cell())));
            }
        }
        cursors.ForEach(cursor => cursor.Dispose());
    }

    /// <summary>A view whose cursors have no ids.</summary>
    private sealed class FailingIdView(IDataView inner) : IDataView
    {
        public bool Disposed { get; private set; }

        public DataViewSchema Schema => inner.Schema;

        public bool CanShuffle => false;

        public long? GetRowCount() => null;

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
            new Cursor(this, inner.GetRowCursor(columnsNeeded));

        public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
            [GetRowCursor(columnsNeeded)];

        private sealed class Cursor(FailingIdView view, DataViewRowCursor inner) : DataViewRowCursor
        {
            public override DataViewSchema Schema => inner.Schema;

            public override long Position => inner.Position;

            public override long Batch => inner.Batch;

            public override bool IsColumnActive(DataViewSchema.Column column) => inner.IsColumnActive(column);

            public override ValueGetter<DataViewRowId> GetIdGetter() => throw new NotSupportedException("no ids");

            public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => inner.GetGetter<TValue>(column);

            public override bool MoveNext() => inner.MoveNext();

            protected override void Dispose(bool disposing)
            {
                view.Disposed = true;
                inner.Dispose();
                base.Dispose(disposing);
            }
        }
    }
}
