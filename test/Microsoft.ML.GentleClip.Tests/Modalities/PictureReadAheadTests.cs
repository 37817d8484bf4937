using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Modalities;

/// <summary>Threads that read pictures ahead give what one reader gives, row by row.</summary>
[TestClass]
public sealed class PictureReadAheadTests : IDisposable
{
    private static readonly ImageOptions Images = Pictures.Images;

    private readonly MLContext _mlContext = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(8)]
    [DataRow(3, true)]
    public void EveryRowIsAsOneReaderReadsIt(int threads, bool some = false)
    {
        Func<long, bool>? isRead = some ? row => row % 5 is 1 or 2 : null;
        // Present and absent ones by turns, more than the queues hold.
        var rows = Pictures.Mixed(_folder, 0, 150, 0);
        for (var i = 0; i < rows.Count; i += 7)
            rows[i].Path = "";
        var data = Loaded(rows);
        var binding = Bind(data);
        using var cursor = data.GetRowCursor(binding.Columns);
        var one = (PictureReader)binding.Open(cursor);
        using var second = data.GetRowCursor(binding.Columns);
        using var ahead = new PictureReadAhead(binding, Images, second, data, threads, isRead);
        var present = 0;
        while (cursor.MoveNext())
        {
            var presence = one.Read();
            second.MoveNext();
            if (isRead is not null && !isRead(cursor.Position))
                continue;
            Assert.AreEqual(presence, ahead.Read(), $"row {cursor.Position}");
            if (presence != Presence.Present)
                continue;
            present++;
            Assert.IsTrue(one.Square.SequenceEqual(ahead.Square), $"row {cursor.Position}");
        }
        Assert.AreEqual(some ? 51 : 128, present);
    }

    [TestMethod]
    public void AnErrorComesAtItsRow()
    {
        var rows = Pictures.Mixed(_folder, 0, 40, 0);
        File.WriteAllText(_folder.File("23.png"), "no picture");
        var data = Loaded(rows);
        using var cursor = data.GetRowCursor(Bind(data).Columns);
        using var ahead = new PictureReadAhead(Bind(data), Images, cursor, data, 3);
        for (var i = 0; i < 23; i++)
            Assert.AreEqual(Presence.Present, Next(cursor, ahead));
        cursor.MoveNext();
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => ahead.Read());
        Assert.Contains("Row 23, column 'Image': the picture cannot be loaded (Path '23.png')", error.Message);
    }

    [TestMethod]
    [DataRow("shuffled")]
    [DataRow("fewer")]
    [DataRow("failing")]
    public void WhatAViewGivesAtOtherReadingsIsNoPictureOfThisOne(string fault)
    {
        // The squares by name, from one reading.
        var all = Pictures.Mixed(_folder, 0, 40, 0);
        var expected = new Dictionary<string, byte[]>();
        foreach (var row in all)
        {
            var single = Loaded([row]);
            using var only = single.GetRowCursor(Bind(single).Columns);
            var one = (PictureReader)Bind(single).Open(only);
            only.MoveNext();
            one.Read();
            expected.Add(row.Path!, one.Square.ToArray());
        }
        var readings = 0;
        var data = Loaded(Changing());
        var binding = Bind(data);
        using var cursor = data.GetRowCursor(binding.Columns);
        var getPath = cursor.GetGetter<ReadOnlyMemory<char>>(cursor.Schema["Path"]);
        cursor.MoveNext(); // the reading that counts is the first
        using var ahead = new PictureReadAhead(binding, Images, cursor, data, 3);
        var rows = 0;
        do
        {
            ReadOnlyMemory<char> path = default;
            getPath(ref path);
            Assert.AreEqual(Presence.Present, ahead.Read());
            Assert.IsTrue(ahead.Square.SequenceEqual(expected[path.ToString()]), $"row {rows}, {path}");
            rows++;
        }
        while (cursor.MoveNext());
        Assert.AreEqual(all.Count, rows);

        IEnumerable<Pictures.Row> Changing()
        {
            var reading = Interlocked.Increment(ref readings);
            var taken = 0;
            foreach (var row in fault == "shuffled" ? all.Skip(5 * reading).Concat(all.Take(5 * reading)) : all)
            {
                if (reading > 1 && fault != "shuffled" && taken++ == 7)
                {
                    if (fault == "failing")
                        throw new IOException("one reader at a time");
                    yield break;
                }
                yield return row;
            }
        }
    }

    [TestMethod]
    public void DisposingStopsTheThreadsWhateverTheyDo()
    {
        // Far more rows than anybody takes: the threads wait at full queues.
        var rows = Pictures.Mixed(_folder, 0, 20, 0);
        var taken = 0;
        var data = Loaded(Enumerable.Range(0, int.MaxValue).Select(i =>
        {
            Interlocked.Increment(ref taken);
            return rows[i % rows.Count];
        }));
        using var cursor = data.GetRowCursor(Bind(data).Columns);
        var ahead = new PictureReadAhead(Bind(data), Images, cursor, data, 4);
        for (var i = 0; i < 5; i++)
            Next(cursor, ahead);
        ahead.Dispose();
        var then = Volatile.Read(ref taken);
        Assert.IsLessThan(1000, then, "the queues have no end");
        Thread.Sleep(50);
        Assert.AreEqual(then, Volatile.Read(ref taken), "a thread goes on");
    }

    private static Presence Next(DataViewRowCursor cursor, PictureReader reader)
    {
        Assert.IsTrue(cursor.MoveNext());
        return reader.Read();
    }

    private ImageBinding Bind(IDataView data) => (ImageBinding)ModalityKinds.Bind(Modality.Image("Embedding", "Image", Images), data.Schema);

    private IDataView Loaded(IEnumerable<Pictures.Row> rows)
    {
        var data = _mlContext.Data.LoadFromEnumerable(rows);
        return _mlContext.Transforms.LoadImages("Image", _folder.FullName, "Path").Fit(data).Transform(data);
    }
}
