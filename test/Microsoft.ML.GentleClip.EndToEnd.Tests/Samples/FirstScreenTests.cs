using System.Globalization;
using System.Text.RegularExpressions;
using FirstScreen;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>README's first table is that of the committed figures, and these come out again.</summary>
[TestClass]
public sealed partial class FirstScreenTests
{
    // Processors add up in different orders, and another form may be chosen from there.
    private const double Tolerance = 0.03;

    private static readonly string Figures = Path.Combine(Repository.Root, "docs", "pictures", Study.FiguresFile);

    [TestMethod]
    public void ReadmeHasTheTableOfTheFigures() =>
        StringAssert.Contains(File.ReadAllText(Path.Combine(Repository.Root, "README.md")).ReplaceLineEndings("\n"), FigureTable.Read(Figures).ToMarkdown());

    [TestMethod]
    public void TheFirstSeedComesOutAgain()
    {
        var trial = new Trial(Digit.ReadAll(), seed: 1);
        foreach (Method method in new[] { Method.Linear, Method.Default })
        {
            string line = File.ReadLines(Figures).Single(line => line.StartsWith($"\"{method.Name}\",{Trial.UnpairedRows},1,", StringComparison.Ordinal));
            double[] expected = [.. line.Split(',')[^4..].Select(cell => double.Parse(cell, CultureInfo.InvariantCulture))];
            Figures found = trial.Run(method).Figures;
            foreach (var (one, other) in expected.Zip(new[] { found.RecallAt1, found.RecallAt10, found.Coefficients, found.Profiles }))
                Assert.AreEqual(one, other, Tolerance, $"{method.Name}: {line}; found {found}");
        }
    }

    [TestMethod]
    public void ThePicturesAreOfTheFigures()
    {
        string curve = Pictures.Curve(FigureTable.Read(Figures));
        Assert.AreEqual(curve, File.ReadAllText(Path.Combine(Repository.Root, "docs", "pictures", "first-screen-curve.svg")));
        string embeddings = File.ReadAllText(Path.Combine(Repository.Root, "docs", "pictures", "first-screen-embeddings.svg"));
        string line = File.ReadLines(Figures).Single(line => line.StartsWith($"\"{Method.Default.Name}\",{Trial.UnpairedRows},1,", StringComparison.Ordinal));
        double recall = 100 * double.Parse(line.Split(',')[3], CultureInfo.InvariantCulture);
        StringAssert.Contains(embeddings, string.Create(CultureInfo.InvariantCulture, $"After: recall@1 {recall:0.0} %"));
        Assert.HasCount(3, Opened().Matches(embeddings), "one picture with two plots in it");
    }

    [TestMethod]
    public void OneSeedHasNoSpread()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File(Study.FiguresFile);
        File.WriteAllLines(file, File.ReadLines(Figures).Where((line, i) => i == 0 || line.Split(',')[^5] == "1"));
        var table = FigureTable.Read(file);
        string[] rows = table.ToMarkdown().Split('\n');
        Assert.IsTrue(rows.Any(row => row.StartsWith($"| {Method.Default.Name} | ", StringComparison.Ordinal)));
        Assert.IsFalse(rows.Any(row => row.Contains('±', StringComparison.Ordinal)), "a spread of one value");
        Assert.DoesNotContain("NaN", table.ToMarkdown() + Pictures.Curve(table));
    }

    [GeneratedRegex("<svg ")]
    private static partial Regex Opened();
}
