using System.IO.Compression;
using System.Text;
using Microsoft.ML.GentleClip.Programs;

namespace Microsoft.ML.GentleClip.Tests.Tools;

/// <summary>What people give the command gentleclip by mistake, and what it says; and what only looks like a mistake.</summary>
[TestClass]
public sealed class ToolInputTests : ToolTest
{
    private const string Rows = "a,1,4\nb,2,3\nc,3,6\nd,5,1\ne,4,2\nf,9,7\n";

    private string One => Write("one.csv", $"id,x,y\n{Rows}");

    private string Other => Write("other.csv", $"id,u,v\n{Rows}");

    [TestMethod]
    public async Task TextsOfOtherEncodingsAreReadOrRefused()
    {
        string path = Folder.File("text.csv"), text = $"\"id\",x,y\nMüller,1,2\n{Rows}";
        foreach (var encoding in new Encoding[] { new UTF8Encoding(true), new UTF8Encoding(false), Encoding.Unicode, Encoding.BigEndianUnicode })
        {
            Clear();
            await File.WriteAllTextAsync(path, text, encoding, TestContext.CancellationToken);
            Assert.AreEqual(0, await RunAsync("plan", path, Other, "--id", "id"));
            Assert.Contains("6 pairs of 6 ids, 1 row of A only", Output, encoding.WebName);
        }
        // Müller and Möller would both be M?ller.
        await File.WriteAllTextAsync(path, text, Encoding.Latin1, TestContext.CancellationToken);
        await AssertSays("found bytes that are no UTF-8; save the file as text in UTF-8.", "plan", path, Other, "--id", "id");
        await File.WriteAllTextAsync(path, text, new UnicodeEncoding(bigEndian: false, byteOrderMark: false), TestContext.CancellationToken);
        await AssertSays($"{path}", "plan", path, Other, "--id", "id");
        await File.WriteAllTextAsync(path, "id,x\na\0,1\n", TestContext.CancellationToken);
        await AssertSays($"{path}, line 2: found a zero byte; expected text, in UTF-8.", "plan", path, Other, "--id", "id");
    }

    [TestMethod]
    public async Task TheContentTellsWhetherItIsCompressed()
    {
        string path = Folder.File("packed.csv");
        using (var packed = new GZipStream(File.Create(path), CompressionLevel.Fastest))
            packed.Write(Encoding.UTF8.GetBytes($"id,x,y\n{Rows}{string.Concat(Enumerable.Range(0, 5000).Select(i => $"n{i},{i % 7},{i % 11}\n"))}"));
        Assert.AreEqual(0, await RunAsync("plan", path, Other, "--id", "id"));
        Assert.Contains("6 pairs of 6 ids, 5,000 rows of A only", Output);
        byte[] bytes = await File.ReadAllBytesAsync(path, TestContext.CancellationToken);
        await File.WriteAllBytesAsync(path, bytes[..(bytes.Length / 2)], TestContext.CancellationToken);
        await AssertSays("the gzip data is damaged or cut off", "plan", path, Other, "--id", "id");
        await AssertSays(path, "plan", path, Other, "--id", "id");
    }

    [TestMethod]
    public async Task QuotesOpenACellOnlyAtItsBeginning()
    {
        string inches = Write("inches.csv", $"id,x,y\n5\" disc,1,2\n6\" x 7\" disc,3,4\n{Rows}");
        string quoted = Write("quoted.csv",
            $"\"id\";\"u, w\";\"v, w\"\n\"5\"\" disc\";1;2\n \"6\"\" x 7\"\" disc\" ;3;4\n\"two\nlines\";1;1\n{Rows.Replace(',', ';')}");
        Assert.AreEqual(0, await RunAsync("plan", inches, quoted, "--id", "id"));
        Assert.Contains("8 pairs of 8 ids, 0 rows of A only, 1 row of B only", Output);
        Assert.Contains("2 features: u, w, v, w", Error, "commas within quotes separate nothing");
        string wrong = Write("wrong.csv", "id,x\na,1\n\"b\"c,2\n");
        await AssertSays($"{wrong}, line 3: found 'c' behind the closing quote of cell 1; expected the separator ',', or a doubled quote.",
            "plan", wrong, Other, "--id", "id");
        await AssertSays($"{wrong}, line 2: a quote is not closed.", "plan", Write("wrong.csv", "id,x\n\"a,1\nb,2\n"), Other, "--id", "id");
    }

    [TestMethod]
    public async Task NumbersWithCommasAreNotLeftOut()
    {
        // A table of a German spreadsheet: whole numbers would be learnt from, the others not.
        string german = Write("german.csv", "id;weight;count\na;1,5;3\nb;2;4\nc;0,25;5\n");
        await AssertSays($"{german} has numbers with commas; expected a point before the decimals and nothing between thousands, such as 1234.5. "
            + "Found: 'weight' (line 2: '1,5'). Save them so, or name the columns to learn from.", "plan", german, Other, "--id", "id");
        await AssertSays("Found: 'x' (line 2: '1,234.5').", "plan", Write("thousands.csv", "id,x,y\na,\"1,234.5\",1\nb,2,2\n"), Other, "--id", "id");
        Assert.AreEqual(0, await RunAsync("plan", german, Other, "--id", "id", "--columns-a", "count"));
        // Lists of codes are texts.
        Clear();
        string codes = Write("codes.csv", "id;codes;x;y\na;1,2;3;1\nb;1,2,3;4;2\nc;7;5;3\n");
        Assert.AreEqual(0, await RunAsync("plan", codes, Other, "--id", "id"));
        Assert.Contains("left out, not numbers: 'codes' (line 2: '1,2'; 1 of 3 cells are numbers)", Error);
        await AssertSays("line 2, column 'x': expected a number such as 1.5, found '1e39', which 32 bits do not hold.",
            "plan", Write("large.csv", "id,x\na,1e39\n"), Other, "--id", "id", "--columns-a", "x");
    }

    [TestMethod]
    public async Task NumbersOfRowsAreNoFeatures()
    {
        string[] lines = $"id,x,y\n{Rows}".Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string pandas = Write("pandas.csv", string.Concat(lines.Select((line, i) => $"{(i == 0 ? "" : $"{i - 1}")},{line}\n")));
        Assert.AreEqual(0, await RunAsync("plan", pandas, Other, "--id", "id"));
        Assert.Contains("2 features: x, y", Error);
        Assert.Contains("left out, numbers of rows: '' (a column without a name, as pandas and R write the numbers of rows)", Error);
        string again = Write("again.csv", string.Concat(lines.Select((line, i) => $"{(i == 0 ? "Unnamed: 0" : $"{i - 1}")},{line}\n")));
        Clear();
        Assert.AreEqual(0, await RunAsync("plan", Other, again, "--id", "id"));
        Assert.Contains("left out, numbers of rows: 'Unnamed: 0' (numbers of rows, as pandas names them); "
            + "to learn from them, name them with --columns-b", Error);
        // A separator at the end of each line is a column as well, of which nothing is claimed.
        Clear();
        Assert.AreEqual(0, await RunAsync("plan", Write("trailing.csv", string.Concat(lines.Select(line => $"{line},\n"))), Other, "--id", "id"));
        Assert.Contains("'' (all cells are empty)", Error);
        Clear();
        Assert.AreEqual(0, await RunAsync("plan", again, Other, "--id", "id", "--columns-a", "x,Unnamed: 0"));
        Assert.Contains("2 features: x, Unnamed: 0", Error);
    }

    [TestMethod]
    public async Task NothingIsWrittenOverUnasked()
    {
        string model = Folder.File("model.zip"), embeddings = Folder.File("e.csv");
        Assert.AreEqual(0, await RunAsync("fit", One, Other, "--id", "id", "--out", model));
        byte[] bytes = await File.ReadAllBytesAsync(model, TestContext.CancellationToken);
        await AssertSays($"'{model}' is there already; name another file with --out, or replace it with --overwrite.",
            "fit", One, Other, "--id", "id", "--out", model, "--columns-a", "x");
        CollectionAssert.AreEqual(bytes, await File.ReadAllBytesAsync(model, TestContext.CancellationToken));
        Assert.AreEqual(0, await RunAsync("fit", One, Other, "--id", "id", "--out", model, "--columns-a", "y,x", "--overwrite"));
        CollectionAssert.AreNotEqual(bytes, await File.ReadAllBytesAsync(model, TestContext.CancellationToken));
        Assert.AreEqual(0, await RunAsync("embed", model, One, "--id", "id", "--out", embeddings));
        await AssertSays($"'{embeddings}' is there already", "embed", model, One, "--id", "id", "--out", embeddings);
        foreach (string input in new[] { model, One })
            await AssertSays($"'{input}' is read by this command and cannot be written as well",
                "embed", model, One, "--id", "id", "--out", input, "--overwrite");
        await AssertSays("is read by this command", "fit", One, Other, "--id", "id", "--out", Other, "--overwrite");
        await AssertSays($"'{Folder.FullName}' is a folder", "embed", model, One, "--id", "id", "--out", Folder.FullName);
    }

    [TestMethod]
    public async Task OptionsThatWouldChangeNothingAreRefused()
    {
        string sequences = Write("s.fasta", ">a\nMKVLAAGG\n>b\nMKKLLAGS\n");
        await AssertSays($"--file-ids is for protein structures, but {One} and {Other} hold none.", "plan", One, Other, "--id", "id", "--file-ids");
        await AssertSays("--file-ids is for protein structures", "plan", One, sequences, "--id", "id", "--file-ids");
        await AssertSays($"--id names a column, but {sequences} and {sequences} hold no table; proteins are known by their identifiers.",
            "plan", sequences, sequences, "--id", "id");
        await AssertSays($"--id-b names a column, but {sequences} holds sequences, which are known by their identifiers.",
            "plan", One, sequences, "--id", "id", "--id-b", "id");
        await AssertSays($"--id names a column, but {sequences} holds sequences", "plan", sequences, One, "--id", "id", "--id-b", "id");
        Assert.AreEqual(0, await RunAsync("plan", sequences, One, "--id-b", "id"));
        Assert.AreEqual(0, await RunAsync("plan", sequences, One, "--id", "id"));
    }

    [TestMethod]
    public async Task IdsThatAreOneIdWrittenInTwoWaysAreNamed()
    {
        string whole = Write("whole.csv", "id,x,y\n1,1,2\n2,2,1\n3,3,1\n7,1,1\n8,2,4\nB,1,3\n");
        string floating = Write("floating.csv", "id,u,v\n1.0,1,2\n2.0,1,1\n3.0,2,3\n7,2,2\n8,3,1\nb,1,1\n");
        Assert.AreEqual(0, await RunAsync("plan", whole, floating, "--id", "id"));
        Assert.Contains($"warning: 4 ids of {whole} and {floating} differ in nothing but upper and lower case, blanks at the ends or leading zeros, "
            + "or a '.0' at the end, such as '1' and '1.0': they are not pairs.", Error);
        await AssertSays("have 1 matched pairs; expected at least 2 ids that are in both, as nothing else says which row belongs to which. "
            + $"Ids: 'a', 'b', 'c' in {One}; 'a', 'x' in {Folder.File("few.csv")}.", "plan", One, Write("few.csv", "id,u\na,1\nx,2\n"), "--id", "id");
        // Blanks around are no part of an id.
        Clear();
        Assert.AreEqual(0, await RunAsync("plan", One, Write("blanks.csv", "id , u,v\n a ,1,2\n\"b \",2,1\n\tc,3,1\n"), "--id", "id"));
        Assert.Contains("3 pairs of 3 ids", Output);
    }

    [TestMethod]
    public async Task AColumnThatIsNotThereIsGuessedAt()
    {
        await AssertSays("has no column 'ID'. Columns: id, x, y. Did you mean 'id'?", "plan", One, Other, "--id", "ID");
        await AssertSays("has no column 'id'. Columns: id|x|y. Between columns, commas, tabs or semicolons are expected.",
            "plan", Write("pipes.csv", "id|x|y\na|1|2\n"), Other, "--id", "id");
        await AssertSays("has no column 'id'. Columns: a, 1, 4. The first line looks like a row; expected the names of the columns.",
            "plan", Write("headless.csv", Rows), Other, "--id", "id");
        await AssertSays("Columns: #id, x, y. Did you mean '#id'?", "plan", Write("hash.csv", $"#id,x,y\n{Rows}"), Other, "--id", "id");
        await AssertSays("There are no comments in such a table: the first line holds the names of the columns.",
            "plan", Write("comment.csv", $"# exported\nid,x,y\n{Rows}"), Other, "--id", "id");
        Assert.AreEqual(ConsoleProgram.WrongUsage, await RunAsync("plan", One, Other, "--id", "id", "--columns-a", "x,"));
        Assert.Contains("--columns-a has an empty name; expected names of columns, separated by commas.", Error);
    }

    [TestMethod]
    public async Task ASpreadsheetsLineAboutItsSeparatorIsNoHeader()
    {
        string table = Write("sheet.csv", $"sep=;\nid;x, in mm, cm, or km;y\n{Rows.Replace(',', ';')}");
        Assert.AreEqual(0, await RunAsync("plan", table, Other, "--id", "id"));
        Assert.Contains("2 features: x, in mm, cm, or km, y", Error);
        await AssertSays($"{table}, line 4: found 1 cells; expected 3, as in the header.",
            "plan", Write("sheet.csv", "sep=;\nid;x;y\na;1;2\nb,2,1\n"), Other, "--id", "id");
        // One slip in a column of numbers.
        Clear();
        Assert.AreEqual(0, await RunAsync("plan", Write("slip.csv", $"id,x,y\n{Rows}g,?,3\n"), Other, "--id", "id"));
        Assert.Contains("left out, not numbers: 'x' (line 8: '?'; 6 of 7 cells are numbers)", Error);
    }

    [TestMethod]
    public async Task OneTableIsTwoSidesOnlyByOtherColumns()
    {
        await AssertSays($"{One} is given as both sides, and each row would find itself by 'x': say which columns are A's and which are B's, with "
            + "--columns-a and --columns-b.", "plan", One, One, "--id", "id");
        await AssertSays("find itself by 'y'", "plan", One, One, "--id", "id", "--columns-b", "y");
        Assert.AreEqual(0, await RunAsync("plan", One, One, "--id", "id", "--columns-a", "x", "--columns-b", "y"));
        string sequences = Write("s.fasta", ">a\nMKVLAAGG\n>b\nMKKLLAGS\n");
        await AssertSays($"{sequences} is given as both sides, and each row would find itself; expected two files.", "plan", sequences, sequences);
    }

    [TestMethod]
    public async Task WhatIsNoTableOrLeavesNothingToLearnIsSaid()
    {
        string parts = Folder.File("parts.parquet");
        Directory.CreateDirectory(parts);
        await File.WriteAllTextAsync(Path.Combine(parts, "part-0.parquet"), "PAR1", TestContext.CancellationToken);
        await AssertSays("; found part-0.parquet. A table is one file.", "plan", parts, Other, "--id", "id");
        await AssertSays("is a pattern, which may stand for protein files only; expected one table.", "plan", Folder.File("*.csv"), Other, "--id", "id");
        await AssertSays("--test 0.9 leaves 1 of 6 paired ids to learn from; expected at least 2.", "plan", One, Other, "--id", "id", "--test", "0.9");
        await AssertSays("The name of a file is empty", "plan", "", Other, "--id", "id");
        await AssertSays("--out is empty; expected the name of a file.", "fit", One, Other, "--id", "id", "--out", " ");
        await AssertSays("five.csv: every row holds the same numbers (x, y); nothing can be learnt from it.",
            "plan", Write("five.csv", "id,x,y\na,5,1\nb,5,1\nc,5,\n"), Other, "--id", "id");
        string model = Folder.File("model.zip");
        Assert.AreEqual(0, await RunAsync("fit", One, Other, "--id", "id", "--out", model));
        string hollow = Write("hollow.csv", "id,x,y\na,,\nb,,\n");
        await AssertSays($"{hollow}: each of 2 rows has empty cells, so that none has an embedding.",
            "embed", model, hollow, "--id", "id", "--out", Folder.File("e.csv"));
        await AssertSays($"{hollow}: each of 2 rows has empty cells", "search", model, hollow, Other, "--id", "id");
        await AssertSays($"{hollow}: each of 2 rows has empty cells", "search", model, Other, hollow, "--id", "id");
        Assert.IsFalse(File.Exists(Folder.File("e.csv")));
    }
}
