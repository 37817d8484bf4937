using Experiments.Configuration;
using Experiments.Reporting;
using Experiments.Running;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>Means, deviations, paired differences and the gap on cells whose answers are known.</summary>
[TestClass]
public sealed class ComparisonTests : ExperimentTest
{
    private static readonly string Configuration = Json(
        """{ "name": "All", "preset": "Clip", "pairs": [ "all" ] }, { "name": "Ours", "preset": "Recommended" }""", """ "ceiling": "All", """,
        Synthetic + ", " + Synthetic.Replace("points", "others", StringComparison.Ordinal));

    [TestMethod]
    public void DifferencesArePairedBySeed()
    {
        var results = Table(
            ("points", "Clip", "8", 1, 0.2), ("points", "Clip", "8", 2, 0.4), ("points", "Clip", "8", 3, 0.9),
            ("points", "Ours", "8", 2, 0.5), ("points", "Ours", "8", 1, 0.5),
            ("points", "All", "all", 1, 0.7), ("points", "All", "all", 2, 0.7));
        var ours = results.Compare(Group(results, "points", "Ours"), Figures.RecallAt10)!;
        Assert.AreEqual(0.5, ours.Value.Mean, 1e-12);
        Assert.AreEqual(0, ours.Value.Deviation!.Value, 1e-12);
        Assert.AreEqual(0.2, ours.Difference!.Mean, 1e-12, "0.3 and 0.1; seed 3 has no partner");
        Assert.AreEqual(Math.Sqrt(0.02), ours.Difference.Deviation!.Value, 1e-12);
        Assert.AreEqual(1.0, ours.ShareBetter);
        Assert.AreEqual((0.5 - 0.3) / (0.7 - 0.3), ours.GapsRecovered.Single()!.Value, 1e-12, "over seeds 1 and 2 alone");
        Assert.IsNull(results.Compare(Group(results, "points", "Clip"), Figures.RecallAt10)!.Difference);
    }

    [TestMethod]
    public void TieIsNotBetterAndTinyGapIsLeftOut()
    {
        var results = Table(
            ("points", "Clip", "8", 1, 0.5), ("points", "Clip", "8", 2, 0.5), ("points", "Ours", "8", 1, 0.5), ("points", "Ours", "8", 2, 0.6),
            ("points", "All", "all", 1, 0.505), ("points", "All", "all", 2, 0.505));
        var ours = results.Compare(Group(results, "points", "Ours"), Figures.RecallAt10)!;
        Assert.AreEqual(0.5, ours.ShareBetter);
        Assert.IsNull(ours.GapsRecovered.Single());
    }

    [TestMethod]
    public void PooledGapIsTheSumOfGainsOverTheSumOfGaps()
    {
        var results = Table(
            ("points", "Clip", "8", 1, 0.2), ("points", "Ours", "8", 1, 0.3), ("points", "All", "all", 1, 0.4),
            ("others", "Clip", "8", 1, 0.1), ("others", "Ours", "8", 1, 0.0), ("others", "All", "all", 1, 0.9));
        var pooled = PooledComparison.Of(results.Groups.Where(group => group.Method == "Ours"), results, Figures.RecallAt10);
        Assert.AreEqual(0, pooled.Difference!.Mean, 1e-12);
        Assert.AreEqual(0.5, pooled.SettingsBetter);
        Assert.AreEqual(0.5, pooled.SeedsBetter);
        Assert.AreEqual((0.1 - 0.1) / (0.2 + 0.8), pooled.GapsRecovered.Single()!.Value, 1e-12);
    }

    [TestMethod]
    public void ReportShowsTheControlBesideTheMethod()
    {
        CellResult[] cells = [Cell("points", "Clip", "8", 1, 0.2), Cell("points", "Ours", "8", 1, 0.5),
            Cell("points", "Ours", "8", 1, 0.4, UnpairedRows.Gaussian), Cell("points", "All", "all", 1, 0.8)];
        var config = ExperimentConfig.Load(Write(Configuration.ReplaceLineEndings("\n")));
        MarkdownReport.Write(Folder.File("results.md"), config, new ResultTable(config, cells), [], cells, RunTotals.Of(cells, []));
        var text = File.ReadAllText(Folder.File("results.md"));
        StringAssert.Contains(text, "| Ours | 50.0 | +30.0 | 100 % | 0.50 | 2 | 0.5 |  |");
        StringAssert.Contains(text, "| Ours, gaussian rows | 40.0 | +20.0 | 100 % | 0.33 | 2 | 0.5 |  |");
        StringAssert.Contains(text, "| Ours | gaussian | 8 | 1 | +10.0 | 100 % |");
    }

    [TestMethod]
    public void EachOfSeveralCeilingsHasItsGap()
    {
        string json = Configuration.Replace("\"ceiling\": \"All\"", "\"ceiling\": [ \"All\", \"Most\" ]", StringComparison.Ordinal)
            .Replace("{ \"name\": \"Ours\"", "{ \"name\": \"Most\", \"preset\": \"ClosedForm\", \"pairs\": [ \"all\" ] }, { \"name\": \"Ours\"",
                StringComparison.Ordinal);
        CellResult[] cells = [Cell("points", "Clip", "8", 1, 0.2), Cell("points", "Ours", "8", 1, 0.4), Cell("points", "All", "all", 1, 0.6),
            Cell("points", "Most", "all", 1, 1.0)];
        var config = ExperimentConfig.Load(Write(json));
        var results = new ResultTable(config, cells);
        CollectionAssert.AreEqual((string[])["8"], results.Pairs.ToArray(), "no ceiling has a table of its own");
        MarkdownReport.Write(Folder.File("results.md"), config, results, [], cells, RunTotals.Of(cells, []));
        var text = File.ReadAllText(Folder.File("results.md"));
        StringAssert.Contains(text, "| better | gap to All | gap to Most | presented |");
        StringAssert.Contains(text, "| Ours | 40.0 | +20.0 | 100 % | 0.50 | 0.25 | 2 | 0.5 |  |");
        StringAssert.Contains(text, "| Most | 100.0 |  |  |  |  | 2 | 0.5 |  |");
        CsvReport.WriteSummary(Folder.File("summary.csv"), results);
        StringAssert.Contains(File.ReadLines(Folder.File("summary.csv")).First(), ",gapRecovered to All,gapRecovered to Most");
        var only = config.Only(null, ["Ours"]);
        CollectionAssert.AreEqual((string[])["Clip", "All", "Most", "Ours"], only.Methods.Select(method => method.Name).ToArray());
    }

    private ResultTable Table(params (string Data, string Method, string Pairs, int Seed, double Value)[] cells) =>
        new(ExperimentConfig.Load(Write(Configuration)), [.. cells.Select(cell => Cell(cell.Data, cell.Method, cell.Pairs, cell.Seed, cell.Value))]);

    private static CellResult Cell(string data, string method, string pairs, int seed, double value, UnpairedRows unpaired = UnpairedRows.Real) => new(
        new CellKey(false, data, method, null, pairs, unpaired, "all", seed), "hash", "build", 8, 10, 10, 3, 2000, 0.5,
            new Dictionary<string, double> { [Figures.RecallAt10] = value });

    private static MethodCells Group(ResultTable results, string data, string method) =>
        results.Groups.Single(group => group.Data == data && group.Method == method);
}
