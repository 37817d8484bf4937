using System.Globalization;
using Microsoft.ML.GentleClip.Programs;

namespace Microsoft.ML.GentleClip.Tests.Tools;

/// <summary>The command gentleclip on made-up spectra and images, 60 of them pairs, and on real digits and protein chains.</summary>
[TestClass]
public sealed class ToolTests : ToolTest
{
    [TestMethod]
    public async Task FitEmbedSearchAndEvaluate()
    {
        string model = Folder.File("model.zip");
        Assert.AreEqual(0, await RunAsync("fit", Spectra, Images, "--id", "id", "--out", model, "--test", "0.25"));
        Assert.Contains("spectra.csv: 160 rows, 12 features: s1, s2, s3, s4, s5 and 7 more", Error);
        Assert.Contains("left out, not numbers: 'kind' (line 2: 'round')", Error);
        Assert.Contains("Joined by 'id': 45 pairs of 45 ids, 100 rows of A only, 100 rows of B only", Error);
        Assert.Contains($"Saved {model}.", Output);
        Assert.Contains("On 15 pairs that the fit did not see:", Output);
        Assert.Contains("Retrieval over 15 pairs", Output);
        Assert.HasCount(1, Directory.GetFiles(Folder.FullName), "the model and nothing half written beside it");

        // All 60 pairs find each other far better than by guessing.
        Clear();
        Assert.AreEqual(0, await RunAsync("evaluate", model, Spectra, Images, "--id", "id"));
        Assert.Contains("Retrieval over 60 pairs", Output);
        double recall = double.Parse(Output.Split('\n').Single(line => line.StartsWith("Recall@10", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[3], CultureInfo.InvariantCulture);
        Assert.IsGreaterThan(0.6, recall);

        Clear();
        string embeddings = Folder.File("embeddings.csv");
        Assert.AreEqual(0, await RunAsync("embed", model, Images, "--id", "id", "--out", embeddings));
        Assert.Contains("Wrote 160 embeddings of side B", Output);
        string[] lines = await File.ReadAllLinesAsync(embeddings, TestContext.CancellationToken);
        Assert.HasCount(161, lines);
        float[] first = [.. lines[1].Split(',')[1..].Select(cell => float.Parse(cell, CultureInfo.InvariantCulture))];
        Assert.AreEqual(1, first.Sum(slot => slot * slot), 1e-4);

        Clear();
        Assert.AreEqual(0, await RunAsync("search", model, Spectra, Images, "--id", "id", "--count", "3"));
        lines = Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.AreEqual("query,rank,match,cosine", lines[0].TrimEnd());
        Assert.HasCount(1 + 3 * 160, lines);
        Assert.IsTrue(lines[1].StartsWith("s000,1,", StringComparison.Ordinal), lines[1]);
    }

    [TestMethod]
    public async Task PlanLearnsNothing()
    {
        Assert.AreEqual(0, await RunAsync("plan", Spectra, Images, "--id", "id"));
        Assert.Contains("60 pairs", Output);
        Assert.IsEmpty(Directory.GetFiles(Folder.FullName));
    }

    [TestMethod]
    public async Task EmptyCellsTabsQuotesAndOtherIds()
    {
        // As tab separated, with another name of the id, one cell empty, one row of empty cells, and a quoted id.
        string[][] rows = [.. (await File.ReadAllLinesAsync(Images, TestContext.CancellationToken)).Select(line => line.Split(','))];
        rows[0][0] = "sample";
        rows[1][5] = "";
        Array.Fill(rows[2], "", 2, rows[2].Length - 2);
        rows[3][0] = "\"tab\tin it\"";
        string tsv = Folder.File("images.tsv"), model = Folder.File("model.zip");
        await File.WriteAllLinesAsync(tsv, rows.Select(row => string.Join('\t', row)), TestContext.CancellationToken);
        Assert.AreEqual(0, await RunAsync("fit", Spectra, tsv, "--id", "id", "--id-b", "sample", "--out", model));
        Assert.Contains("Empty cells get the mean of their column: 0 rows of A, 1 row of B.", Error);
        Clear();
        Assert.AreEqual(0, await RunAsync("embed", model, tsv, "--id", "sample", "--out", Folder.File("e.csv")));
        Assert.Contains("For 1 row with empty cells, NaN.", Output);
        string[] lines = await File.ReadAllLinesAsync(Folder.File("e.csv"), TestContext.CancellationToken);
        Assert.IsTrue(lines[3].StartsWith("tab\tin it,", StringComparison.Ordinal), lines[3]);
        Assert.DoesNotContain("NaN", lines[1]);
    }

    [TestMethod]
    public async Task WhatIsEmptyIsSaidAndNeverFound()
    {
        string[] lines = await File.ReadAllLinesAsync(Images, TestContext.CancellationToken);
        string holed = Folder.File("holed.csv"), model = Folder.File("model.zip"), wrong = Folder.File("empty.csv");
        // A column of empty cells, and a row of them.
        string hole = lines[1].Split(',')[0];
        string[][] rows = [.. lines.Select((line, at) => $"{line},{(at == 0 ? "void" : "")}".Split(','))];
        Array.Fill(rows[1], "", 2, rows[1].Length - 2);
        await File.WriteAllLinesAsync(holed, rows.Select(row => string.Join(',', row)), TestContext.CancellationToken);
        Assert.AreEqual(0, await RunAsync("fit", Spectra, holed, "--id", "id", "--out", model));
        Assert.Contains("'void' (all cells are empty)", Error);
        Clear();
        Assert.AreEqual(0, await RunAsync("search", model, Spectra, holed, "--id", "id", "--count", "1000"));
        Assert.Contains($"{holed}: the row '{hole}' has empty cells and is not found.", Error);
        string[] found = [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..].Select(line => line.Split(',')[2])];
        Assert.HasCount(160 * 159, found);
        // The rows behind the hole keep their own ids.
        CollectionAssert.AreEquivalent(lines[2..].Select(line => line.Split(',')[0]).ToArray(), found.Distinct().ToArray());
        await File.WriteAllTextAsync(wrong, "", TestContext.CancellationToken);
        await AssertSays($"{wrong} is empty; expected a header and rows.", "embed", model, wrong, "--id", "id");
    }

    [TestMethod]
    public async Task SidesWithTheSameColumnNamesAreNamed()
    {
        // The same names on both sides, and ids under different ones.
        string twin = Folder.File("twin.csv"), model = Folder.File("model.zip");
        string[] lines = await File.ReadAllLinesAsync(Spectra, TestContext.CancellationToken);
        await File.WriteAllLinesAsync(twin, lines.Select((line, at) => at == 0 ? $"sample{line[2..]}" : line), TestContext.CancellationToken);
        Assert.AreEqual(0, await RunAsync("fit", Spectra, twin, "--id", "id", "--id-b", "sample", "--out", model));
        await AssertSays("name the side with --side A or --side B.", "embed", model, Spectra, "--id", "id");
        await AssertSays("has no side 'C'; expected A or B.", "embed", model, Spectra, "--id", "id", "--side", "C");
        await AssertSays($"{Images} lacks columns of side A", "embed", model, Images, "--id", "id", "--side", "A");
        Clear();
        string embeddings = Folder.File("e.csv");
        Assert.AreEqual(0, await RunAsync("embed", model, twin, "--id", "sample", "--side", "B", "--out", embeddings));
        Assert.Contains("160 embeddings of side B", Output);
        Clear();
        Assert.AreEqual(0, await RunAsync(
            "search", model, Spectra, twin, "--id", "id", "--id-b", "sample", "--side", "A", "--bank-side", "B", "--count", "1"));
        Assert.HasCount(161, Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.AreEqual(0, await RunAsync("evaluate", model, Spectra, twin, "--id", "id", "--id-b", "sample"));
        Assert.Contains("Retrieval over 160 pairs", Output);
    }

    [TestMethod]
    public async Task ErrorsNameFileLineAndColumn()
    {
        string bad = Folder.File("bad.csv");
        await AssertSays($"{Spectra} has no column 'sample'. Columns: id, kind, s1", "fit", Spectra, Images, "--id", "sample");
        await AssertSays("There is no file 'nowhere.csv'.", "fit", Spectra, "nowhere.csv", "--id", "id");
        await AssertSays($"{bad} is empty", "fit", Write(""), Images, "--id", "id");
        await AssertSays($"{bad}, line 3: found 2 cells; expected 3, as in the header.", "fit", Write("id,x,y\na,1,2\nb,1\n"), Images, "--id", "id");
        await AssertSays($"{bad} has two columns 'x'", "fit", Write("id,x,x\na,1,2\n"), Images, "--id", "id");
        await AssertSays($"{bad}, line 2, column 'x': expected a number such as 1.5, found '1,5'.",
            "fit", Write("id;x;y\na;1,5;2\n"), Images, "--id", "id", "--columns-a", "x,y");
        await AssertSays("Found: 'x' (line 2: '1,5').", "fit", Write("id;x\na;1,5\n"), Images, "--id", "id");
        await AssertSays("The column 's1' is named twice", "fit", Spectra, Images, "--id", "id", "--columns-a", "s1,s1");
        await AssertSays("'id' is the column of ids and cannot be a feature", "fit", Spectra, Images, "--id", "id", "--columns-a", "id,s1");
        await AssertSays($"{bad} has a header and no rows.", "fit", Write("id,x\n"), Images, "--id", "id");
        await AssertSays("--test 0.01 keeps 1 of 60 paired ids for the test; expected at least 2.", "fit", Spectra, Images, "--id", "id", "--test", "0.01");
        await AssertSays($"{bad} has no column of numbers besides the id 'id'; numbers are written as 1.5. Found: 'x' (line 2: 'red').",
            "fit", Write("id,x\na,red\n"), Images, "--id", "id");
        await AssertSays($"{bad}, line 2: a quote is not closed.", "fit", Write("id,x\n\"a,1\n"), Images, "--id", "id");
        await AssertSays("is of no format that this command reads", "fit", "cells.h5ad", Images, "--id", "id");
        await AssertSays("There is no folder", "fit", Spectra, Images, "--id", "id", "--out", Path.Combine(Folder.FullName, "no", "model.zip"));
        await AssertSays("There is no model 'nowhere.zip'.", "embed", "nowhere.zip", Images, "--id", "id");
        await AssertSays("is no model of this command", "embed", Write("text"), Images, "--id", "id");
        // No pair at all: said as a warning with examples, and then by the fit.
        await AssertSays("matched pairs; expected at least 2", "fit", Write("id,x,y\nq1,1,2\nq2,2,1\nq3,1,1\n"), Images, "--id", "id");
        Assert.Contains("No id is on both sides", Error);

        string Write(string text) => this.Write("bad.csv", text);
    }

    [TestMethod]
    public async Task WrongArgumentsAndHelp()
    {
        Assert.AreEqual(ConsoleProgram.WrongUsage, await RunAsync("fit", Spectra));
        Clear();
        await AssertSays($"{Spectra} is a table: name its column of ids with --id.", "fit", Spectra, Images);
        Assert.AreEqual(ConsoleProgram.WrongUsage, await RunAsync("fit", Spectra, Images, "--id", "id", "--test", "2"));
        Assert.Contains("--test needs a share from 0 to 0.9, such as 0.2, found '2'.", Error);
        Clear();
        Assert.AreEqual(0, await RunAsync("--help"));
        foreach (string command in new[] { "fit", "plan", "embed", "search", "evaluate" })
            Assert.Contains($"  {command}", Output);
    }

    [TestMethod]
    public async Task CancellationLeavesNoFile()
    {
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() =>
            RunAsync(cancellation.Token, "fit", Spectra, Images, "--id", "id", "--out", Folder.File("m.zip")));
        Assert.IsEmpty(Directory.GetFiles(Folder.FullName));
    }
}
