using System.Globalization;
using System.IO.Compression;
using Microsoft.ML.GentleClip.Tool;
using Parquet;
using Parquet.Schema;

namespace Microsoft.ML.GentleClip.Tests.Tools;

/// <summary>The command gentleclip on Parquet, FASTA and structure files: the sample's real digits, and real protein chains.</summary>
[TestClass]
public sealed class ToolFormatTests : ToolTest
{
    private static readonly string Digits = Path.Combine(Repository.Root, "samples", "FirstHour");

    [TestMethod]
    public async Task AParquetFileIsTheTableThatItsCsvIs()
    {
        string[][] rows = [.. File.ReadLines(Path.Combine(Digits, "coefficients.csv")).Take(151).Select(line => line.Split(','))];
        string csv = Folder.File("coefficients.csv"), parquet = Folder.File("coefficients.parquet"), profiles = Folder.File("profiles.csv");
        await File.WriteAllLinesAsync(csv, rows.Select(row => string.Join(',', row)), TestContext.CancellationToken);
        await File.WriteAllLinesAsync(profiles, File.ReadLines(Path.Combine(Digits, "profiles.csv")).Take(101), TestContext.CancellationToken);
        // Two groups of rows, ids as whole numbers, the numerals as text.
        await WriteAsync(parquet, rows, holeAt: -1);
        string fromCsv = Folder.File("csv.zip"), fromParquet = Folder.File("parquet.zip");
        Assert.AreEqual(0, await RunAsync("fit", csv, profiles, "--id", "Id", "--out", fromCsv));
        Assert.Contains("150 rows, 65 features: Digit, K1", Error);
        Assert.AreEqual(0, await RunAsync("fit", parquet, profiles, "--id", "Id", "--out", fromParquet, "--columns-a", string.Join(',', rows[0][1..])));
        // Equal numbers give equal models, and either file is embedded by either of them.
        Assert.AreEqual(0, await RunAsync("embed", fromCsv, parquet, "--id", "Id", "--out", Folder.File("one.csv")));
        Assert.AreEqual(0, await RunAsync("embed", fromParquet, csv, "--id", "Id", "--out", Folder.File("other.csv")));
        Assert.AreEqual(
            await File.ReadAllTextAsync(Folder.File("one.csv"), TestContext.CancellationToken),
            await File.ReadAllTextAsync(Folder.File("other.csv"), TestContext.CancellationToken));

        // A cell that is not there in each of the groups.
        await WriteAsync(parquet, rows, holeAt: 7);
        Clear();
        Assert.AreEqual(0, await RunAsync("plan", parquet, profiles, "--id", "Id"));
        Assert.Contains("Empty cells get the mean of their column: 2 rows of A, 0 rows of B.", Error);
    }

    [TestMethod]
    public async Task WhatIsWrongWithAParquetFileIsNamed()
    {
        string profiles = Path.Combine(Digits, "profiles.csv"), wrong = Folder.File("wrong.parquet");
        await File.WriteAllTextAsync(wrong, "Id,K1\n1,2\n", TestContext.CancellationToken);
        await AssertSays($"{wrong} cannot be read as Parquet", "fit", wrong, profiles, "--id", "Id");
        await AssertSays("There is no file 'nowhere.parquet'.", "fit", "nowhere.parquet", profiles, "--id", "Id");

        string texts = Folder.File("texts.parquet");
        var schema = new ParquetSchema(new DataField<string>("Id"), new DataField<string>("K1"), new ListField("Windows", new DataField<int>("Window")));
        await using (var file = File.Create(texts))
        await using (var writer = await ParquetWriter.CreateAsync(schema, file, cancellationToken: TestContext.CancellationToken))
        {
            using var group = writer.CreateRowGroup();
            await group.WriteAsync((DataField)schema.Fields[0], new[] { "1", "2" });
            await group.WriteAsync((DataField)schema.Fields[1], new[] { "1.5", "much" });
            var window = schema.GetDataFields()[2];
            await group.WriteAllPartsAsync<int>(window, new[] { 1, 2 }, new[] { window.MaxDefinitionLevel, window.MaxDefinitionLevel }, new[] { 0, 0 },
                TestContext.CancellationToken);
            group.CompleteValidate();
        }
        await AssertSays($"{texts}, row 2, column 'K1': expected a number such as 1.5, found 'much'.",
            "fit", texts, profiles, "--id", "Id", "--columns-a", "K1");
        await AssertSays("'Windows' (row 1: 'a nested value')", "fit", texts, profiles, "--id", "Id");
        await AssertSays($"{texts} has no column 'Sample'. Columns: Id, K1, Windows.", "fit", texts, profiles, "--id", "Sample");
    }

    [TestMethod]
    public async Task SequencesFindStructures()
    {
        var (fasta, structures) = await ProteinsAsync(40);
        string model = Folder.File("model.zip");
        Assert.AreEqual(0, await RunAsync("fit", fasta, structures, "--file-ids", "--steps", "4", "--test", "0.2", "--out", model));
        Assert.Contains($"A is {fasta}: 40 sequences", Error);
        Assert.Contains($"B is {structures}: 40 protein chains", Error);
        Assert.Contains("Joined by 'Id': 32 pairs of 32 ids, 0 rows of A only, 0 rows of B only", Error);
        Assert.Contains("On 8 pairs that the fit did not see:", Output);

        Clear();
        Assert.AreEqual(0, await RunAsync("embed", model, structures, "--file-ids", "--out", Folder.File("e.csv")));
        Assert.Contains("Wrote 40 embeddings of side B", Output);
        string[] lines = await File.ReadAllLinesAsync(Folder.File("e.csv"), TestContext.CancellationToken);
        Assert.AreEqual(1, lines[1].Split(',')[1..].Sum(cell => Math.Pow(double.Parse(cell, CultureInfo.InvariantCulture), 2)), 1e-4);

        Clear();
        Assert.AreEqual(0, await RunAsync("search", model, fasta, structures, "--file-ids", "--count", "2"));
        Assert.HasCount(1 + 2 * 40, Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Clear();
        Assert.AreEqual(0, await RunAsync("evaluate", model, structures, fasta, "--file-ids"));
        Assert.Contains("Retrieval over 40 pairs", Output);

        await AssertSays("holds a table of numbers; expected sequences (side A) or protein structures (side B).",
            "embed", model, Path.Combine(Digits, "profiles.csv"), "--id", "Id");
        await AssertSays("both fit side A; expected one of each side.", "evaluate", model, fasta, fasta);
        await AssertSays($"{fasta} holds sequences; expected protein structures (side B).", "embed", model, fasta, "--side", "B");
    }

    [TestMethod]
    public async Task ATableMayBeBesideSequences()
    {
        var (fasta, _) = await ProteinsAsync(30);
        // Measurements of each protein, 20 of them for a protein that is in the FASTA file.
        string table = Folder.File("assay.csv");
        string[] names = [.. File.ReadLines(fasta).Where(line => line.StartsWith('>')).Select(line => line[1..])];
        await File.WriteAllLinesAsync(table, names.Skip(10).Select((name, i) => $"{name},{i % 7},{i % 5},{i % 3}").Prepend("protein,x,y,z"),
            TestContext.CancellationToken);
        string model = Folder.File("model.zip");
        Assert.AreEqual(0, await RunAsync("fit", table, fasta, "--id", "protein", "--steps", "3", "--out", model));
        Assert.Contains("20 pairs of 20 ids, 0 rows of A only, 10 rows of B only", Error);
        Clear();
        Assert.AreEqual(0, await RunAsync("search", model, table, fasta, "--id", "protein", "--count", "1"));
        Assert.HasCount(21, Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        await AssertSays($"{fasta} holds proteins and has no columns to choose from.", "fit", fasta, table, "--id", "protein", "--columns-a", "x");
    }

    [TestMethod]
    public async Task WhatIsWrongWithProteinFilesIsNamed()
    {
        var (fasta, structures) = await ProteinsAsync(4);
        string mixed = Folder.File("mixed"), empty = Folder.File("empty"), twice = Folder.File("twice.fasta");
        Directory.CreateDirectory(mixed);
        Directory.CreateDirectory(empty);
        File.Copy(fasta, Path.Combine(mixed, "a.fasta"));
        File.Copy(Directory.GetFiles(structures)[0], Path.Combine(mixed, "a.pdb"));
        await AssertSays($"The folder '{mixed}' has sequences and structures; name one kind", "fit", mixed, structures);
        await AssertSays($"The folder '{empty}' has no file of sequences", "fit", empty, structures);
        await File.WriteAllTextAsync(twice, ">P1\nMKV\n>P1\nMKL\n", TestContext.CancellationToken);
        await AssertSays($"{twice} has two sequences called 'P1'", "fit", twice, structures);
        await File.WriteAllTextAsync(twice, "MKV\n", TestContext.CancellationToken);
        await AssertSays("twice.fasta", "fit", twice, structures);
        // Without --file-ids a chain is called 1abc_A, and no id is on both sides.
        await AssertSays("matched pairs; expected at least 2", "fit", fasta, structures, "--steps", "2");
        Assert.Contains("No id is on both sides", Error);
    }

    [TestMethod]
    public async Task AFolderOfAlignmentsIsReadAndWhatIsNotReadIsNamed()
    {
        var (fasta, structures) = await ProteinsAsync(4);
        string[] lines = await File.ReadAllLinesAsync(fasta, TestContext.CancellationToken);
        // The first chain as it is, the second with gaps and an insertion, as a2m and a3m have them.
        string folder = Folder.File("alignments"), one = Path.Combine(folder, "one.a3m"), two = Path.Combine(folder, "two.a2m");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(one, $"#{lines[1].Length}\t1\n{lines[0]}\n{lines[1]}\n", TestContext.CancellationToken);
        await File.WriteAllTextAsync(two,
            $"{lines[2]}\n{lines[3][..5]}--..{lines[3][5..8].ToLowerInvariant()}{lines[3][8..]}\n", TestContext.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "notes.txt"), "text", TestContext.CancellationToken);
        Assert.AreEqual(0, await RunAsync("plan", folder, structures, "--file-ids"));
        Assert.Contains("  not read, by their names: notes.txt", Error);
        Assert.Contains("  alignments: each row is a sequence of its own, without gaps and with its insertions", Error);
        Assert.Contains($"A is {folder}: 2 sequences", Error);
        Assert.Contains("2 pairs of 2 ids", Output);
        // They are the sequences that the plain file has.
        var read = ProteinFiles.Read(folder, SideKind.Sequences, byFile: false, _ => { });
        CollectionAssert.AreEqual(new[] { lines[1], lines[3] }, read.Rows.Select(row => row.Sequence).ToArray());

        // Another row of the same protein, in another file.
        await File.WriteAllTextAsync(two, $"{lines[0]}\n{lines[1]}\n", TestContext.CancellationToken);
        await AssertSays($"{folder} has two sequences called '{lines[0][1..]}', in {one} and {two}; expected different identifiers.",
            "plan", folder, structures, "--file-ids");
        File.Copy(fasta, Path.Combine(folder, "chains.fasta"));
        await AssertSays($"The folder '{folder}' has sequences and alignments; name one kind, such as '{Path.Combine(folder, "*.fasta")}'.",
            "plan", folder, structures, "--file-ids");
        Clear();
        Assert.AreEqual(0, await RunAsync("plan", Path.Combine(folder, "*.fasta"), structures, "--file-ids"));
        Assert.Contains("4 pairs of 4 ids", Output);
    }

    private static async Task WriteAsync(string path, string[][] rows, int holeAt)
    {
        DataField[] fields = [new DataField<long>(rows[0][0]), new DataField<string>(rows[0][1]),
            .. rows[0][2..].Select((name, i) => i % 2 == 0 ? (DataField)new DataField<float?>(name) : new DataField<double>(name))];
        await using var file = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), file);
        foreach (string[][] part in new[] { rows[1..100], rows[100..] })
        {
            using var group = writer.CreateRowGroup();
            await group.WriteAsync<long>(fields[0], part.Select(row => long.Parse(row[0], CultureInfo.InvariantCulture)).ToArray());
            await group.WriteAsync(fields[1], part.Select(row => row[1]).ToArray());
            for (int column = 2; column < fields.Length; column++)
            {
                double[] values = [.. part.Select(row => double.Parse(row[column], CultureInfo.InvariantCulture))];
                if (column % 2 == 0)
                    await group.WriteAsync<float>(fields[column],
                        values.Select((value, i) => column == 4 && i == holeAt ? (float?)null : (float)value).ToArray());
                else
                    await group.WriteAsync<double>(fields[column], values);
            }
            group.CompleteValidate();
        }
    }

    /// <summary>The first chains of the sample as one FASTA file and as a folder of PDB files, called by their keys.</summary>
    private async Task<(string Fasta, string Structures)> ProteinsAsync(int count)
    {
        string fasta = Folder.File("chains.fasta"), structures = Folder.File("structures");
        Directory.CreateDirectory(structures);
        using var reader = new StreamReader(new GZipStream(
            File.OpenRead(Path.Combine(AppContext.BaseDirectory, "data", "samples", "protein-chains.tsv.gz")), CompressionMode.Decompress));
        await using var sequences = new StreamWriter(fasta);
        for (int read = 0; read < count && await reader.ReadLineAsync(TestContext.CancellationToken) is { } line;)
        {
            if (line.StartsWith('#'))
                continue;
            string[] cells = line.Split('\t');
            string name = cells[0].Replace('.', '_'), sequence = cells[5];
            await sequences.WriteAsync($">{name}\n{sequence}\n");
            double[] at = new double[3];
            string[] triples = cells[^1].Split(' ');
            await using var pdb = new StreamWriter(Path.Combine(structures, $"{name}.pdb"));
            for (int i = 0; i < triples.Length; i++)
            {
                string[] moves = triples[i].Split(',');
                for (int axis = 0; axis < 3; axis++)
                    at[axis] += int.Parse(moves[axis], CultureInfo.InvariantCulture) / 100.0;
                await pdb.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                    $"ATOM  {i + 1,5}  CA  {Residues[sequence[i]]} A{i + 1,4}    {at[0],8:0.000}{at[1],8:0.000}{at[2],8:0.000}  1.00  0.00           C"));
            }
            read++;
        }
        return (fasta, structures);
    }

    // One letter, then three.
    private static readonly Dictionary<char, string> Residues =
        "AALA RARG NASN DASP CCYS QGLN EGLU GGLY HHIS IILE LLEU KLYS MMET FPHE PPRO SSER TTHR WTRP YTYR VVAL"
        .Split(' ').ToDictionary(name => name[0], name => name[1..]);
}
