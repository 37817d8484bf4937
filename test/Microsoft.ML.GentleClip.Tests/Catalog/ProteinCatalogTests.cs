using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Data;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.GentleClip.Tests.Runtime;
using static Microsoft.ML.GentleClip.Tests.Data.StructureText;

namespace Microsoft.ML.GentleClip.Tests.Catalog;

[TestClass]
public sealed class ProteinCatalogTests : IDisposable
{
    private static readonly string Good = Pdb(Atom("GLY", "1", x: 1), Atom("ALA", "2A", x: 2), Atom("SER", "1", "B", x: 3));
    private static readonly string Bad = Pdb(Atom("GLY", "1"), "ATOM");

    private readonly MLContext _context = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ChainRow[] Rows(IDataView view) => [.. _context.Data.CreateEnumerable<ChainRow>(view, reuseRowObject: false)];

    [TestMethod]
    public void StructuresHaveOneRowAChain()
    {
        var file = _folder.Write("1abc.pdb", Good);
        var view = _context.Data.LoadProteinStructures(file);
        Assert.AreEqual(
            "File String, Identifier String, Chain String, Sequence String, FullSequence String, AlphaCarbons Vector<Single>, ResidueNumbers Vector<String>",
            string.Join(", ", view.Schema.Select(column => $"{column.Name} {column.Type}")));
        Assert.AreEqual(2, view.GetRowCount());
        var rows = Rows(view);
        Assert.AreEqual($"{file} 1abc_A A GA  1 2A",
            $"{rows[0].File} {rows[0].Identifier} {rows[0].Chain} {rows[0].Sequence} {rows[0].FullSequence} {string.Join(' ', rows[0].ResidueNumbers)}");
        CollectionAssert.AreEqual(new float[] { 1, 0, 0, 2, 0, 0 }, rows[0].AlphaCarbons);
        Assert.AreEqual("1abc_B", rows[1].Identifier);
    }

    [TestMethod]
    public void FastaHasOneRowASequence()
    {
        var file = _folder.WriteGzip("x.fasta", ">p1 One protein\nMKV\nLA\n>p2\nAC*\n"); // compressed, whatever the name says
        var view = _context.Data.LoadFasta(file);
        Assert.AreEqual("File Identifier Description Sequence", string.Join(' ', view.Schema.Select(column => column.Name)));
        CollectionAssert.AreEqual(new[] { "MKVLA", "AC" }, view.GetColumn<string>("Sequence").ToArray());
        CollectionAssert.AreEqual(new[] { "p1", "p2" }, view.GetColumn<string>("Identifier").ToArray());
        CollectionAssert.AreEqual(new[] { "One protein", "" }, view.GetColumn<string>("Description").ToArray());
        CollectionAssert.AreEqual(new[] { "MKVLA" }, _context.Data.LoadFasta(file, new() { MinimumLength = 3 }).GetColumn<string>("Sequence").ToArray());
        CollectionAssert.AreEqual(new[] { file, file }, _context.Data.LoadFasta(_folder.FullName).GetColumn<string>("File").ToArray());
    }

    [TestMethod]
    public void RowsAreInTheOrderOfTheFiles()
    {
        var files =
            Enumerable.Range(0, 60)
                .Select(i => _folder.Write($"{i}.pdb", Pdb(Enumerable.Range(0, 1 + (60 - i) * 20).Select(number => Atom("GLY", $"{number}"))))).Reverse()
                    .ToArray();
        string[] expected = [.. files];
        foreach (int? threads in new int?[] { null, 1, 8 })
            CollectionAssert.AreEqual(expected,
                _context.Data.LoadProteinStructures(files, new() { NumberOfThreads = threads }).GetColumn<string>("File").ToArray());
        Array.Sort(expected, StringComparer.Ordinal);
        CollectionAssert.AreEqual(expected, _context.Data.LoadProteinStructures(_folder.File("*.pdb")).GetColumn<string>("File").ToArray());
    }

    [TestMethod]
    public void TheFirstBadFileIsFatal()
    {
        for (var i = 0; i < 30; i++)
            _folder.Write($"{i:00}.pdb", i is 7 or 9 or 29 ? Bad : Good);
        var error = Assert.ThrowsExactly<InvalidDataException>(() => _context.Data.LoadProteinStructures(_folder.FullName, new() { NumberOfThreads = 8 }));
        Assert.AreEqual($"{_folder.File("07.pdb")}, line 2: an atom record needs 54 columns or more, found 4.", error.Message);
        Assert.ThrowsExactly<FileNotFoundException>(() => _context.Data.LoadProteinStructures([_folder.File("00.pdb"), _folder.File("none.pdb")]));
    }

    [TestMethod]
    public void BadFilesMayBeSkippedWithAWarning()
    {
        var log = new ContextLog(_context);
        string[] files = [_folder.Write("a.pdb", Bad), _folder.Write("b.pdb", Good), _folder.File("none.pdb"), _folder.Write("c.pdb", ""), _folder.FullName];
        var states = new List<ProteinFileProgress>();
        var view = _context.Data.LoadProteinStructures(files, new() { BadFiles = BadFileHandling.Skip, Progress = new Listener(states) });
        Assert.AreEqual(3, view.GetRowCount(), "a record that is damaged costs itself alone");
        Assert.HasCount(4, log.Warnings);
        StringAssert.Contains(log.Warnings[0], $"{files[0]}, line 2: ");
        StringAssert.Contains(log.Warnings[1], files[2]);
        StringAssert.Contains(log.Warnings[2], $"{files[3]}: the file is empty.");
        StringAssert.Contains(log.Warnings[3], files[4], "a folder among the files");
        Assert.AreEqual(new ProteinFileProgress(5, 5, 3, 3), states[^1]);
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 4, 5 }, states.Select(state => state.Files).ToArray());
    }

    [TestMethod]
    public void AReportSaysWhatWasLeftOut()
    {
        var twice = Pdb([.. Residues("ALA 1 GLY 2"), "TER", .. Residues("ALA 1 GLY 2", x: 40), "TER", Atom("HOH", "301", name: " O  ", hetero: true)]);
        string[] files = [_folder.Write("a.pdb", twice), _folder.Write("b.pdb", Good)];
        var report = new ProteinFileReport();
        var log = new ContextLog(_context);
        var rows = Rows(_context.Data.LoadProteinStructures(files, new() { Report = report, MinimumLength = 2, NumberOfThreads = 2 }));
        CollectionAssert.AreEqual(new[] { "a_A", "a_A-2", "b_A" }, rows.Select(row => row.Identifier).ToArray());
        CollectionAssert.AreEqual(files, report.Files.Select(file => file.File).ToArray());
        Assert.AreEqual("Water 1, SplitChain 1", report.Files[0].ToString());
        Assert.AreEqual("another chain 'A' begins at residue 1", report.Files[0].Details.Single());
        Assert.AreEqual("Water 1, SplitChain 1, OtherLength 1", report.Total.ToString());
        Assert.AreEqual(3, report.Total.Rows);
        StringAssert.Contains(log.Warnings.Single(), "another chain 'A' begins at residue 1");
    }

    [TestMethod]
    public void ChainsMayBeChosen()
    {
        var file = _folder.Write("1abc.pdb", Good);
        string Chosen(ProteinStructureLoadOptions options) => string.Concat(_context.Data.LoadProteinStructures(file, options).GetColumn<string>("Chain"));
        Assert.AreEqual("B", Chosen(new() { Chains = ["B", "b"] }));
        Assert.AreEqual("A", Chosen(new() { MinimumLength = 2 }));
        Assert.AreEqual("B", Chosen(new() { MaximumLength = 1 }));
        Assert.AreEqual("", Chosen(new() { Chains = [] }));
    }

    [TestMethod]
    public void LargeFilesAreBadFiles() => StringAssert.Contains(
        Assert.ThrowsExactly<InvalidDataException>(
            () => _context.Data.LoadProteinStructures(_folder.Write("a.pdb", Good), new() { MaximumFileSize = 100 })).Message,
        "the file is larger than the 100 bytes that are allowed");

    [TestMethod]
    public void ALoadCanBeCancelled()
    {
        var file = _folder.Write("a.pdb", Good);
        using var source = new CancellationTokenSource();
        var options = new ProteinStructureLoadOptions { NumberOfThreads = 1, CancellationToken = source.Token, Progress = new Listener([], source.Cancel) };
        Assert.Throws<OperationCanceledException>(() => _context.Data.LoadProteinStructures(Enumerable.Repeat(file, 1000), options));
    }

    [TestMethod]
    public void ArgumentsAreChecked()
    {
        Assert.ThrowsExactly<ArgumentNullException>(() => _context.Data.LoadProteinStructures((string)null!));
        Assert.ThrowsExactly<ArgumentNullException>(() => _context.Data.LoadFasta((IEnumerable<string>)null!));
        Assert.ThrowsExactly<ArgumentException>(() => _context.Data.LoadProteinStructures(["a", ""]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new FastaLoadOptions { MinimumLength = 0 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new FastaLoadOptions { MaximumLength = 0 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new FastaLoadOptions { MaximumFileSize = 0 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new FastaLoadOptions { NumberOfThreads = 0 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new FastaLoadOptions { BadFiles = (BadFileHandling)2 });
        Assert.AreEqual(0, _context.Data.LoadFasta(Array.Empty<string>()).GetRowCount());
    }

    private sealed class Listener(List<ProteinFileProgress> states, Action? then = null) : IProgress<ProteinFileProgress>
    {
        public void Report(ProteinFileProgress value)
        {
            states.Add(value);
            then?.Invoke();
        }
    }
}
