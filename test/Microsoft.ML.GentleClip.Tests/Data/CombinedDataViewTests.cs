using Microsoft.ML.Data;
using static Microsoft.ML.GentleClip.Tests.Data.CombinerFixture;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>How a combined view reads its parts.</summary>
[TestClass]
public sealed class CombinedDataViewTests
{
    [TestMethod]
    public void Nothing_is_opened_before_the_cursor_moves_and_then_one_part_at_a_time()
    {
        var (paired, a, b) = Probes();
        var view = Combine(paired, a, b);
        using var cursor = view.GetRowCursor(view.Schema);
        Assert.HasCount(0, paired.Opened);

        Assert.IsTrue(cursor.MoveNext());
        Assert.AreEqual((1, 0, 1), (paired.Opened.Count, a.Opened.Count, paired.RowsRead));
        for (var i = 0; i < 3; i++)
            cursor.MoveNext();
        Assert.AreEqual((1, 1, 0), (paired.Disposed, a.Opened.Count, b.Opened.Count));
    }

    [TestMethod]
    public void Parts_are_asked_for_the_needed_columns_alone_and_getters_open_once_a_part()
    {
        var (paired, a, b) = Probes();
        var view = Combine(paired, a, b);
        using (var cursor = view.GetRowCursor([view.Schema["B"], view.Schema["IsPaired"]]))
        {
            var getter = cursor.GetGetter<VBuffer<float>>(view.Schema["B"]);
            var again = cursor.GetGetter<VBuffer<float>>(view.Schema["B"]);
            VBuffer<float> value = default;
            while (cursor.MoveNext())
            {
                getter(ref value);
                again(ref value);
            }
            Assert.IsTrue(cursor.IsColumnActive(view.Schema["IsPaired"]));
            Assert.IsFalse(cursor.IsColumnActive(view.Schema["A"]));
        }
        Assert.AreSequenceEqual(["B", "", "B"], paired.Opened.Concat(a.Opened).Concat(b.Opened).ToArray());
        Assert.AreSequenceEqual(["B", "B"], paired.Getters.Concat(a.Getters).Concat(b.Getters).ToArray());
        Assert.AreEqual(0, paired.IdGetters + a.IdGetters + b.IdGetters);
    }

    [TestMethod]
    public void Rows_can_be_counted_without_any_column()
    {
        var (paired, a, b) = Parts();
        using var cursor = Combine(paired, a, b).GetRowCursor([]);
        var rows = 0;
        while (cursor.MoveNext())
            Assert.AreEqual(rows++, cursor.Position);
        Assert.AreEqual(6, rows);
        Assert.AreEqual(-1, cursor.Position);
        Assert.IsFalse(cursor.MoveNext(), "An ended cursor stays ended.");
    }

    [TestMethod]
    public void The_row_count_is_the_sum_or_unknown()
    {
        var (paired, a, b) = Parts();
        Assert.AreEqual(12, Combine(new ProbeView(paired, 3), new ProbeView(a, 7), new ProbeView(b, 2)).GetRowCount());
        Assert.IsNull(Combine(new ProbeView(paired, 3), new ProbeView(a), new ProbeView(b, 2)).GetRowCount());
    }

    [TestMethod]
    public void Cursors_of_the_parts_are_disposed_at_the_end_and_on_leaving_early()
    {
        var (paired, a, b) = Probes();
        var view = Combine(paired, a, b);
        _ = Read<bool>(view, "IsPaired");
        Assert.AreEqual((1, 1, 1), (paired.Disposed, a.Disposed, b.Disposed));

        using (var cursor = view.GetRowCursor(view.Schema))
            for (var i = 0; i < 4; i++)
                cursor.MoveNext();
        Assert.AreEqual((2, 2, 1), (paired.Disposed, a.Disposed, b.Disposed));
    }

    [TestMethod]
    public void Reading_where_no_row_is_throws()
    {
        var (paired, _, b) = Parts();
        var view = Combine(paired, null, b);
        var cursor = view.GetRowCursor(view.Schema);
        var (get, getFlag, getId) = (cursor.GetGetter<VBuffer<float>>(view.Schema["A"]), cursor.GetGetter<bool>(view.Schema["IsPaired"]), cursor.GetIdGetter());
        AllThrow();
        while (cursor.MoveNext())
        {
        }
        AllThrow();
        cursor.Dispose();
        AllThrow();
        Assert.IsFalse(cursor.MoveNext());

        void AllThrow()
        {
            VBuffer<float> vector = default;
            var flag = false;
            DataViewRowId id = default;
            Assert.ThrowsExactly<InvalidOperationException>(() => get(ref vector));
            Assert.ThrowsExactly<InvalidOperationException>(() => getFlag(ref flag));
            Assert.ThrowsExactly<InvalidOperationException>(() => getId(ref id));
        }
    }

    [TestMethod]
    public void Wrong_columns_and_types_are_named()
    {
        var (paired, a, _) = Parts();
        var view = Combine(paired, a);
        using var cursor = view.GetRowCursor([view.Schema["A"]]);
        Assert.Contains("'B' is not active", Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<VBuffer<float>>(view.Schema["B"])).Message);
        Assert.Contains("System.Double", Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<double>(view.Schema["A"])).Message);
        Assert.Contains("'B' with index 0", Assert.ThrowsExactly<ArgumentException>(() => view.GetRowCursor([Parts().UnpairedB.Schema["B"]])).Message);
    }

    [TestMethod]
    public void Ids_are_unique_across_parts_and_the_same_for_every_cursor()
    {
        var same = View(Enumerable.Range(0, 500).Select(i => new { X = (float)i }).ToArray());
        var view = Combine(same, same, same);

        var ids = Ids(view);
        Assert.HasCount(1500, ids);
        Assert.HasCount(1500, ids.ToHashSet());
        Assert.AreSequenceEqual(ids, Ids(view));
    }

    [TestMethod]
    public void A_cursor_set_covers_each_row_once()
    {
        var (paired, a, b) = Parts();
        var view = Combine(paired, a, b);
        var rows = new List<string>();
        foreach (var cursor in view.GetRowCursorSet(view.Schema, 4, new Random(1)))
            using (cursor)
            {
                var get = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Id"]);
                ReadOnlyMemory<char> id = default;
                while (cursor.MoveNext())
                {
                    get(ref id);
                    rows.Add(id.ToString());
                }
            }
        Assert.AreSequenceEqual(["p0", "p1", "p2", "a0", "a1", "b0"], rows);
    }

    [TestMethod]
    public void Many_cursors_walk_at_once_from_many_threads()
    {
        var pairs = View(Enumerable.Range(0, 2000).Select(i => new PairRow { Id = $"p{i}", A = [i, -i], B = [i, i, i] }).ToArray());
        var singles = View(Enumerable.Range(0, 3000).Select(i => new BRow { Id = $"b{i}", B = [-i, -i, -i] }).ToArray());
        var view = Combine(pairs, null, singles);
        var expected = ReadText(view, "Id");

        var failures = new System.Collections.Concurrent.ConcurrentBag<string>();
        Parallel.For(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 8 }, worker =>
        {
            if (!ReadText(view, "Id").SequenceEqual(expected))
                failures.Add($"ids of cursor {worker}");
            if (ReadVectors<float>(view, "B").Where((b, i) => b[2] != (i < 2000 ? i : 2000 - i)).Any())
                failures.Add($"vectors of cursor {worker}");
            if (ReadVectors<float>(view, "A").Where((a, i) => i < 2000 ? a[1] != -i : !float.IsNaN(a[1])).Any())
                failures.Add($"missing vectors of cursor {worker}");
        });
        Assert.IsEmpty(failures);
    }

    [TestMethod]
    public void Two_cursors_in_lockstep_do_not_disturb_each_other()
    {
        var (paired, a, b) = Parts();
        var view = Combine(paired, a, b);
        using var ahead = view.GetRowCursor(view.Schema);
        using var behind = view.GetRowCursor(view.Schema);
        var (getAhead, getBehind) = (ahead.GetGetter<ReadOnlyMemory<char>>(view.Schema["Id"]), behind.GetGetter<ReadOnlyMemory<char>>(view.Schema["Id"]));
        ReadOnlyMemory<char> first = default, second = default;
        for (var i = 0; i < 4; i++)
            ahead.MoveNext();
        behind.MoveNext();
        getAhead(ref first);
        getBehind(ref second);
        Assert.AreEqual(("a0", "p0"), (first.ToString(), second.ToString()));
    }

    private static (ProbeView Paired, ProbeView UnpairedA, ProbeView UnpairedB) Probes()
    {
        var (paired, a, b) = Parts();
        return (new(paired), new(a), new(b));
    }

    private static DataViewRowId[] Ids(IDataView view)
    {
        var ids = new List<DataViewRowId>();
        using var cursor = view.GetRowCursor([]);
        var get = cursor.GetIdGetter();
        DataViewRowId id = default;
        while (cursor.MoveNext())
        {
            get(ref id);
            ids.Add(id);
        }
        return [.. ids];
    }
}
