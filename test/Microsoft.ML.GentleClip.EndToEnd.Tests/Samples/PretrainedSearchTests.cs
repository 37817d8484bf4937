using System.Text.RegularExpressions;
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
