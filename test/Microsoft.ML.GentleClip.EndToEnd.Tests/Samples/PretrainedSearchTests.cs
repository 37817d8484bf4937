using System.Text.RegularExpressions;
using Microsoft.ML.GentleClip.Programs;
using Microsoft.ML.GentleClip.Tests.Runtime;
using PretrainedSearch;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>The search of drawings by words with the pretrained models of NuGet, on a part of the drawings.</summary>
[TestClass]
public sealed class PretrainedSearchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void FewPairsFindFarMoreThanGuessing()
    {
        if (!File.Exists(Path.Combine(AppContext.BaseDirectory, "models", "ResNet18.onnx")))
            Skip.Because(TestContext, "The packages with ResNet18 and MiniLM were not restored.");
        var output = new StringWriter();
        new Demonstration(output, TestContext.CancellationToken).Run(pairs: 100, seeds: 1, drawings: 240, _folder.FullName);
        string text = output.ToString();
        TestContext.WriteLine(text);
        double[] guessing = Figures("guessing"), found = Figures("closed form, the default");
        Assert.IsGreaterThan(3 * guessing[1], found[1], "names, recall at 5");
        Assert.IsGreaterThan(guessing[3], found[3], "words");
        Assert.IsGreaterThan(guessing[4], found[4], "zero-shot groups");
        Assert.IsTrue(File.Exists(_folder.File("pretrained-search.png")));
        StringAssert.Contains(text, "16 x 16 pixels and counted words", "the same without them");

        double[] Figures(string row) =>
            [.. text.Split('\n').First(line => line.StartsWith($"| {row} |", StringComparison.Ordinal)).Split('|')[2..^1]
                .Select(cell => double.Parse(Regex.Match(cell, "[0-9.]+").Value, System.Globalization.CultureInfo.InvariantCulture))];
    }

    [TestMethod]
    [DataRow("--drawings 850", "--drawings needs a whole number from 100 to 849, found '850'.")]
    [DataRow("--drawings 99", "--drawings needs a whole number from 100 to 849, found '99'.")]
    [DataRow("--drawings 0", "--drawings needs a whole number from 100 to 849, found '0'.")]
    [DataRow("--drawings -5", "--drawings needs a whole number from 100 to 849, found '-5'.")]
    [DataRow("--pairs 4", "--pairs needs a whole number of 5 or more, found '4'.")]
    [DataRow("--seeds 0", "--seeds needs a whole number above 0, found '0'.")]
    [DataRow("--encode 0", "--encode needs a whole number above 0, found '0'.")]
    [DataRow("--encode 10 --pairs 20", "--encode and --pairs exclude each other.")]
    public void NumbersThatDoNotFitAreRefused(string arguments, string expected)
    {
        var result = SearchCommand.Create(TextWriter.Null, TestContext.CancellationToken).Parse(arguments.Split(' '));
        Assert.Contains(expected, string.Join('\n', result.Errors.Select(problem => problem.Message)));
    }

    [TestMethod]
    [DataRow("--drawings 100", "--pairs is 200, but of 100 drawings 75 are learnt from, and 4 of them or more are to be unpaired; expected at most 71 pairs.")]
    [DataRow("--drawings 100 --pairs 72", "expected at most 71 pairs.")]
    [DataRow("--pairs 634", "--pairs is 634, but of 849 drawings 637 are learnt from")]
    public async Task NumbersThatDoNotFitTogetherAreRefused(string arguments, string expected)
    {
        var command = SearchCommand.Create(TextWriter.Null, TestContext.CancellationToken);
        var problem = await Assert.ThrowsExactlyAsync<ArgumentException>(() => ConsoleProgram.RunAsync(
            command, [.. arguments.Split(' '), "--out", _folder.FullName], TextWriter.Null, TextWriter.Null));
        Assert.Contains(expected, problem.Message);
        Assert.IsEmpty(Directory.GetFiles(_folder.FullName));
    }

    [TestMethod]
    [DataRow(100, 71)]
    [DataRow(100, 5)]
    [DataRow(Drawing.Count, 633)]
    public void NumbersAtTheirLimitsGiveRowsAndQueries(int drawings, int pairs)
    {
        Assert.IsNull(Demonstration.Problem(pairs, drawings));
        var (train, test) = Drawing.Read(drawings);
        Assert.AreEqual(Drawing.TrainOf(drawings), train.Length);
        var search = new PretrainedSearch.Search(train, test, drawing => [drawing.Name.Length, 1], text => [text.Length, 1], TestContext.CancellationToken);
        Assert.IsNotEmpty(search.Queries);
        foreach (var method in Method.All)
        {
            var rows = search.Rows(method, seed: 1, pairs);
            Assert.AreEqual(method.HasAllPairs ? train.Length : pairs, rows.Count(row => row.IsPaired));
            if (method.HasUnpaired && !method.HasAllPairs)
                Assert.HasCount(train.Length, rows);
        }
        Assert.IsEmpty(test.Select(drawing => drawing.Group).Except(train.Select(drawing => drawing.Group)), "A group that no one could have learnt.");
    }

    [TestMethod]
    public void NoDrawingIsInTwoPartsAndQueriesAreNotChosenByResults()
    {
        var (train, test) = Drawing.Read(int.MaxValue);
        Assert.HasCount(849, train.Concat(test).Select(drawing => drawing.Name).Distinct().ToArray());
        var search = new PretrainedSearch.Search(train, test, drawing => [drawing.Name.Length], text => [text.Length, 1], TestContext.CancellationToken);
        var rows = search.Rows(Method.Recommended, 2, 100);
        Assert.HasCount(train.Length, rows);
        Assert.AreEqual(100, rows.Count(row => row.IsPaired));
        Assert.IsTrue(rows.Where(row => !row.IsPaired).All(row => float.IsNaN(row.Picture[0]) != float.IsNaN(row.Words[0])));
        CollectionAssert.AreEqual(search.Queries.Select(query => query.Word).ToArray(),
            new PretrainedSearch.Search(train, test, _ => [0], _ => [0], TestContext.CancellationToken).Queries.Select(query => query.Word).ToArray());
        Assert.IsTrue(search.Queries.All(query => query.Right.Count >= 3 && query.Right.All(row => test[row].Keywords.Contains(query.Word))));
    }
}
