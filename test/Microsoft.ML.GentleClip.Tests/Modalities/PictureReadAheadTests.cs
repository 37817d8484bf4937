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
    public void EveryRowIsAsOneReaderReadsIt(int threads)
    {
        // Present and absent ones by turns, more than the queues hold.
        var rows = Pictures.Mixed(_folder, 0, 150, 0);
        for (var i = 0; i < rows.Count; i += 7)
            rows[i].Path = "";
        var data = Loaded(rows);
        var binding = Bind(data);
        using var cursor = data.GetRowCursor(binding.Columns);
        var one = (PictureReader)binding.Open(cursor);
        using var ahead = new PictureReadAhead(binding, Images, data, threads);
        var present = 0;
        while (cursor.MoveNext())
        {
            var presence = one.Read();
            Assert.AreEqual(presence, ahead.Read(), $"row {cursor.Position}");
            if (presence != Presence.Present)
                continue;
            present++;
            Assert.IsTrue(one.Square.SequenceEqual(ahead.Square), $"row {cursor.Position}");
        }
        Assert.AreEqual(128, present);
    }

    [TestMethod]
    public void AnErrorComesAtItsRow()
    {
        var rows = Pictures.Mixed(_folder, 0, 40, 0);
        File.WriteAllText(_folder.File("23.png"), "no picture");
        var data = Loaded(rows);
        using var ahead = new PictureReadAhead(Bind(data), Images, data, 3);
        for (var i = 0; i < 23; i++)
            Assert.AreEqual(Presence.Present, ahead.Read());
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => ahead.Read());
        Assert.Contains("Row 23, column 'Image': the picture cannot be loaded (Path '23.png')", error.Message);
    }

    [TestMethod]
    public void FewerRowsAtASecondReadingAreAnError()
    {
        var all = Pictures.Mixed(_folder, 0, 10, 0);
        var readings = 0;
        var data = Loaded(Shrinking());
        using var ahead = new PictureReadAhead(Bind(data), Images, data, 1);
        for (var i = 0; i < 4; i++)
            Assert.AreEqual(Presence.Present, ahead.Read());
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => ahead.Read());
        Assert.Contains("Row 4, column 'Image': the data view gave this row at one reading and not at another", error.Message);
        Assert.AreEqual(1, readings);

        IEnumerable<Pictures.Row> Shrinking()
        {
            readings++;
            foreach (var row in all.Take(4))
                yield return row;
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
        var ahead = new PictureReadAhead(Bind(data), Images, data, 4);
        for (var i = 0; i < 5; i++)
            ahead.Read();
        ahead.Dispose();
        var then = Volatile.Read(ref taken);
        Assert.IsLessThan(1000, then, "the queues have no end");
        Thread.Sleep(50);
        Assert.AreEqual(then, Volatile.Read(ref taken), "a thread goes on");
    }

    private ImageBinding Bind(IDataView data) => (ImageBinding)ModalityBinding.Bind(Modality.Image("Image", "Embedding", Images), data.Schema);

    private IDataView Loaded(IEnumerable<Pictures.Row> rows)
    {
        var data = _mlContext.Data.LoadFromEnumerable(rows);
        return _mlContext.Transforms.LoadImages("Image", _folder.FullName, "Path").Fit(data).Transform(data);
    }
}
