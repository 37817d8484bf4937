using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>FASTA files as a view that reads them anew for each cursor.</summary>
[TestClass]
public sealed class FastaDataViewTests : IDisposable
{
    private readonly MLContext _context = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string[] Texts(IDataView view, string column) => [.. view.GetColumn<string>(column)];

    [TestMethod]
    public void AlignmentsOfAFolderArePassedOverWithAWarning()
    {
        var log = new ContextLog(_context);
        File.WriteAllText(_folder.File("one.fasta"), ">p\nMKV\n");
        Assert.AreEqual(1, _context.Data.LoadFasta(_folder.FullName).GetColumn<string>("Identifier").Count());
        Assert.IsEmpty(log.Warnings);
        File.WriteAllText(_folder.File("one.a3m"), ">p\nMKV\n>hit\nM-V\n");
        File.WriteAllText(_folder.File("two.A2M.gz"), ">p\nMKV\n");
        Assert.AreEqual(1, _context.Data.LoadFasta(_folder.FullName).GetColumn<string>("Identifier").Count());
        Assert.AreEqual($"{_folder.FullName}: 2 alignments are passed over, such as one.a3m: they hold many sequences per protein. "
            + $"A pattern reads them, such as '{_folder.File("*.a3m")}'.", log.Warnings.Single());
        Assert.AreEqual(2, _context.Data.LoadFasta(_folder.File("*.a3m")).GetColumn<string>("Identifier").Count());
        Assert.HasCount(1, log.Warnings);
    }

    [TestMethod]
    public void EachCursorReadsTheFilesAnew()
    {
        var file = _folder.Write("a.fasta", ">a\nMK\n");
        var options = new FastaLoadOptions();
        var view = _context.Data.LoadFasta(file, options);
        options.MinimumLength = 100; // too late to matter
        Assert.IsNull(view.GetRowCount(), "nothing was read yet");
        CollectionAssert.AreEqual(new[] { "MK" }, Texts(view, "Sequence"));
        Assert.AreEqual(1, view.GetRowCount());
        File.AppendAllText(file, ">b\nVL\n");
        CollectionAssert.AreEqual(new[] { "MK", "VL" }, Texts(view, "Sequence"));
    }

    [TestMethod]
    public void MemoryStaysFlat()
    {
        var record = $">p description\n{new string('M', 60)}\n{new string('K', 60)}\n";
        var file = _folder.File("large.fasta");
        using (var writer = new StreamWriter(file))
        {
            for (var i = 0; i < 50_000; i++)
                writer.Write(record);
        }
        var view = _context.Data.LoadFasta(file);
        using var cursor = view.GetRowCursor(view.Schema);
        var getter = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Sequence"]);
        ReadOnlyMemory<char> sequence = default;
        var (rows, letters, most) = (0, 0L, 0L);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        while (cursor.MoveNext())
        {
            getter(ref sequence);
            letters += sequence.Length;
            if (++rows % 10_000 == 0)
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
        }
        Assert.AreEqual((50_000, 6_000_000L), (rows, letters));
        Assert.IsLessThan(1_000_000, most, "the file has 7 MB, its rows 12 MB");
    }

    [TestMethod]
    public void CursorsAreIndependentAndCheckTheirColumns()
    {
        var view = _context.Data.LoadFasta(_folder.Write("a.fasta", ">a one\nMK\n>b\nVL\n"));
        using var first = view.GetRowCursor([view.Schema["Identifier"]]);
        using var second = view.GetRowCursor(view.Schema);
        Assert.IsTrue(first.MoveNext());
        Assert.IsTrue(second.MoveNext() && second.MoveNext());
        ReadOnlyMemory<char> value = default;
        first.GetGetter<ReadOnlyMemory<char>>(view.Schema["Identifier"])(ref value);
        Assert.AreEqual("a", value.ToString());
        second.GetGetter<ReadOnlyMemory<char>>(view.Schema["Sequence"])(ref value);
        Assert.AreEqual("VL", value.ToString());
        Assert.IsFalse(first.IsColumnActive(view.Schema["Sequence"]));
        Assert.ThrowsExactly<InvalidOperationException>(() => first.GetGetter<ReadOnlyMemory<char>>(view.Schema["Sequence"]));
        Assert.ThrowsExactly<InvalidOperationException>(() => first.GetGetter<int>(view.Schema["Identifier"]));
        Assert.IsFalse(second.MoveNext());
        Assert.AreEqual(-1, second.Position);
        Assert.ThrowsExactly<InvalidOperationException>(() => second.GetGetter<ReadOnlyMemory<char>>(view.Schema["Sequence"])(ref value));
        DataViewRowId id = default;
        first.GetIdGetter()(ref id);
        Assert.AreEqual(new DataViewRowId(0, 0), id);
    }

    [TestMethod]
    public void AFileThatIsNoneIsAnErrorAtOnce()
    {
        var good = _folder.Write("a.fasta", ">a\nMK\n");
        Assert.ThrowsExactly<FileNotFoundException>(() => _context.Data.LoadFasta([good, _folder.File("none.fasta")]));
        var empty = Assert.ThrowsExactly<InvalidDataException>(() => _context.Data.LoadFasta([good, _folder.Write("b.fasta", "")]));
        StringAssert.Contains(empty.Message, "b.fasta: the file has no sequence.");
        File.WriteAllText(_folder.File("c.fasta"), ">a\nMK\n", System.Text.Encoding.Unicode);
        var wide = Assert.ThrowsExactly<InvalidDataException>(() => _context.Data.LoadFasta([good, _folder.File("c.fasta")]));
        StringAssert.Contains(wide.Message, "found UTF-16");
    }

    [TestMethod]
    public void ADamagedRecordIsAnErrorOfTheCursor()
    {
        var view = _context.Data.LoadFasta(_folder.Write("a.fasta", ">a\nMK\n>b\nM[\n"));
        using var cursor = view.GetRowCursor(view.Schema);
        Assert.IsTrue(cursor.MoveNext());
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => cursor.MoveNext()).Message, "line 4: column 2 holds '['");
        Assert.IsFalse(cursor.MoveNext());
    }

    [TestMethod]
    public void GoodRecordsAreKeptAndTheRestIsReported()
    {
        var log = new ContextLog(_context);
        var packed = _folder.WriteGzip("d.fasta.gz", string.Concat(Enumerable.Range(0, 20_000).Select(i => $">{i}\nMKVLAAGG{"ACDEFGH"[i * 31 % 7]}\n")));
        File.WriteAllBytes(packed, File.ReadAllBytes(packed)[..^20]);
        string[] files =
        [
            _folder.Write("a.fasta", ">a\nMK\n>b\nM[\n>c\nMKV\n>d\nM\n"), _folder.File("none.fasta"), packed, _folder.Write("e.fasta", ">e\n>f\nMKV\n"),
        ];
        var states = new List<ProteinFileProgress>();
        var report = new ProteinFileReport();
        var options = new FastaLoadOptions { BadFiles = BadFileHandling.Skip, MinimumLength = 2, Report = report, Progress = new Listener(states) };
        var view = _context.Data.LoadFasta(files, options);
        var rows = Texts(view, "Identifier");
        CollectionAssert.AreEqual(new[] { "a", "c", "f" }, rows.Where(row => char.IsAsciiLetter(row[0])).ToArray());
        Assert.IsGreaterThan(100, rows.Length, "a file that is cut off gives what stands before");
        CollectionAssert.AreEqual(files, report.Files.Select(file => file.File).ToArray());
        Assert.AreEqual("BadRecord 1, OtherLength 1", report.Files[0].ToString());
        Assert.AreEqual(2, report.Files[0].Rows);
        Assert.IsNotNull(report.Files[1].Problem);
        StringAssert.Contains(report.Files[2].Problem, "the gzip data is damaged or cut off");
        Assert.AreEqual(rows.Length, report.Total.Rows);
        Assert.AreEqual(1, report.Total[ProteinFileRemark.EmptyRecord]);
        Assert.HasCount(4, log.Warnings);
        StringAssert.Contains(log.Warnings[0], "line 4: column 2 holds '['");
        StringAssert.Contains(log.Warnings[2], string.Create(CultureInfo.InvariantCulture, $"Skipped a file behind its first {report.Files[2].Rows} rows."));
        Assert.AreEqual(new ProteinFileProgress(4, 4, rows.Length, 2), states[^1]);

        Texts(view, "Identifier");
        Assert.HasCount(4, report.Files, "the first pass reports");
        Assert.HasCount(4, log.Warnings);
    }

    [TestMethod]
    public void ProgressComesWithinAFileAndALoadCanBeCancelled()
    {
        var file = _folder.Write("a.fasta", string.Concat(Enumerable.Repeat(">a\nMK\n", 140_000)));
        var states = new List<ProteinFileProgress>();
        using var source = new CancellationTokenSource();
        var view = _context.Data.LoadFasta(file, new() { CancellationToken = source.Token, Progress = new Listener(states) });
        Assert.AreEqual(140_000, Texts(view, "File").Length);
        CollectionAssert.AreEqual(new[] { (0, 65_536L), (0, 131_072L), (1, 140_000L) }, states.Select(state => (state.Files, state.Rows)).ToArray());
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => Texts(view, "File"));
    }

    [TestMethod]
    public void RowsWorkInAPipeline()
    {
        var view = _context.Data.LoadFasta(_folder.Write("a.fasta", ">a\nMK\n>b\nVL\n>c\nMM\n"));
        var kept = _context.Data.TakeRows(_context.Data.SkipRows(_context.Data.Cache(view), 1), 1);
        CollectionAssert.AreEqual(new[] { "VL" }, Texts(kept, "Sequence"));
        var shuffled = Texts(_context.Data.ShuffleRows(view, seed: 1), "Sequence");
        CollectionAssert.AreEquivalent(new[] { "MK", "VL", "MM" }, shuffled);
    }

    [TestMethod]
    public void OptionsAreChecked()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new FastaLoadOptions { InnerStops = (FastaStopHandling)3 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new FastaLoadOptions { Gaps = (FastaGapHandling)2 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new FastaLoadOptions { Insertions = (FastaInsertionHandling)2 });
        Assert.AreEqual(long.MaxValue, new FastaLoadOptions().MaximumFileSize);
    }

    private sealed class Listener(List<ProteinFileProgress> states) : IProgress<ProteinFileProgress>
    {
        public void Report(ProteinFileProgress value) => states.Add(value);
    }
}
