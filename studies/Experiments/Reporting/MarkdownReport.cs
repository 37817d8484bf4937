using System.Globalization;
using System.Text;
using Experiments.Configuration;
using Experiments.Running;

namespace Experiments.Reporting;

/// <summary>A table for each data set and number of pairs, the pooled figures, and what the unpaired rows are worth against their controls.</summary>
internal sealed class MarkdownReport(ExperimentConfig config, ResultTable results)
{
    private readonly StringBuilder _text = new();

    public static void Write(string file, ExperimentConfig config, ResultTable results, IEnumerable<string> choices,
        IReadOnlyList<CellResult> cells, RunTotals totals)
    {
        var report = new MarkdownReport(config, results);
        report.Head(cells, [.. choices]);
        report.Pooled();
        report.Clear();
        report.Controls();
        foreach (var data in results.DataSets)
            foreach (var pairs in results.Pairs)
                report.Table(data, pairs);
        report.Totals(totals);
        File.WriteAllText(file, report._text.ToString());
    }

    private void Head(IReadOnlyList<CellResult> cells, string[] choices)
    {
        Line($"# Results of {Path.GetFileName(config.File)}");
        Line("");
        Line(
            $"Per cent, mean ± standard deviation over the seeds. R@k and MRR are means of both directions; CSLS corrects hubs with the training rows; LT is "
                + $"the transfer of labels "
            + "from one modality's training rows to the other's measured rows, by class centroid and by nearest neighbour.");
        Line($"Δ is the paired difference of {Running.Figures.RecallAt10} to {config.Baseline}, seed by seed; *better* the share of seeds above it"
            + (config.Ceilings.Count > 0
                ? $"; *gap* = (method - {config.Baseline}) / (ceiling - {config.Baseline}), left out where the gap is below one point; "
                    + $"{(config.Ceilings.Count == 1 ? "the ceiling is" : "the ceilings are")} {string.Join(" and ", config.Ceilings)}" : "") + ". "
            + "*Presented* is the number of pairs in all batches together, in thousands: 0 for a closed form. *s* is the time of a fit by the clock on the "
                + "wall, *cpu s* the processor time of the fit and its measurement.");
        if (cells.Select(cell => cell.Build).Distinct().Count() is var builds and > 1)
            Line($"\n**The cells come from {builds} builds of the library**; delete cells.jsonl to compute all with one.");
        foreach (var choice in choices)
            Line($"\n{choice}");
        Line("");
    }

    private void Table(string data, string pairs)
    {
        var groups = results.Of(data, pairs);
        if (groups.All(group => config.Ceilings.Contains(group.Method)))
            return;
        var curve = groups.Select(group => group.UnpairedRows).Distinct().Count(rows => rows is not "0") > 1;
        string[] figures = [.. results.Figures.Where(figure => groups.Any(group => group.Values(figure).Any()))];
        Line($"## {data}, {pairs} pairs");
        Line("");
        var first = groups.First(group => !config.Ceilings.Contains(group.Method)).Cells[0];
        Line(
            Invariant($"{first.PairCount} pairs; {groups.Max(group => group.Cells[0].UnpairedA)} unpaired rows of A, ")
            + Invariant($"{groups.Max(group => group.Cells[0].UnpairedB)} of B; seeds {string.Join(", ", config.Seeds)}."));
        Line("");
        Row(["method", .. curve ? (string[])["unpaired"] : [], .. figures, $"Δ {Running.Figures.RecallAt10}", "better", .. Gaps, "presented", "s",
            "cpu s"]);
        Row(["---", .. Enumerable.Repeat("---:", figures.Length + (curve ? 6 : 5) + Gaps.Length)]);
        foreach (var group in groups)
        {
            var comparison = results.Compare(group, Running.Figures.RecallAt10);
            Row([
                group.Label, .. curve ? (string[])[group.UnpairedRows] : [], .. figures.Select(figure => Percent(Summary.Of(group.Values(figure)))),
                    Percent(comparison?.Difference, signed: true),
                Share(comparison?.ShareBetter), .. Recovered(comparison?.GapsRecovered),
                    Invariant($"{group.Cells.Average(cell => cell.PairPresentations) / 1000:f0}"),
                    Invariant($"{group.Cells.Average(cell => cell.FitSeconds):f1}"),
                group.Cells.Average(cell => cell.Time?.ProcessorSeconds) is { } processor ? Invariant($"{processor:f1}") : ""]);
        }

        Line("");
    }

    // Over the data sets a method ran on; the baseline and the ceiling over the same ones, so that differences compare like with like.
    private void Pooled()
    {
        foreach (var pairs in results.Pairs.Append(null).ToArray() is { Length: > 2 } several ? several : [.. results.Pairs])
        {
            MethodCells[] groups = [.. results.Groups.Where(
                group => (pairs is null || group.Pairs == pairs || config.Ceilings.Contains(group.Method)) && group.UnpairedRows is "all" or "0")];
            if (groups.All(group => config.Ceilings.Contains(group.Method)))
                continue;
            Line($"## All data sets, {(pairs is null ? "all numbers of" : pairs)} pairs");
            Line("");
            Row(["method", "settings", .. results.Figures, $"Δ {Running.Figures.RecallAt10}", "settings better", "seeds better", .. Gaps]);
            Row(["---", .. Enumerable.Repeat("---:", results.Figures.Count + 4 + Gaps.Length)]);
            var order = config.Methods.Select(method => method.Name).ToList();
            foreach (var method in groups.GroupBy(group => (group.Method, group.Unpaired)).OrderBy(method => order.IndexOf(method.Key.Method))
                .ThenBy(method => method.Key.Unpaired))
            {
                var pooled = PooledComparison.Of(method, results, Running.Figures.RecallAt10);
                Row([
                    method.First().Label, Invariant($"{method.Count()}"),
                    .. results.Figures.Select(
                        figure =>
                            Percent(Summary.Of(method.Select(group => Summary.Of(group.Values(figure))?.Mean).OfType<double>()) is { } mean
                                ? mean with { Deviation = null } : null)),
                    Percent(pooled.Difference, signed: true), Share(pooled.SettingsBetter), Share(pooled.SeedsBetter), .. Recovered(pooled.GapsRecovered)]);
            }

            Line("");
        }
    }

    // Data set x number of pairs x figure, for each method and control.
    private void Clear()
    {
        string[] figures = [.. ((string[])["CSLS R@1", "CSLS R@10", "LT centroid"]).Where(results.Figures.Contains)];
        var rows = results.Groups.Where(group => group.UnpairedRows is "all" or "0")
            .GroupBy(group => (group.Method, group.Unpaired))
            .Select(method => (method.First().Label, Counts: ClearDifferences.Of(method, results, figures)))
            .Where(method => method.Counts.Comparisons > 0)
            .ToArray();
        if (rows.Length == 0)
            return;
        Line($"## Beyond two standard errors of {config.Baseline}");
        Line("");
        Line($"Data set x number of pairs x figure ({string.Join(", ", figures)}), differences seed by seed. "
            + "By chance alone about one comparison of six is beyond two standard errors with three seeds, one of nine with five.");
        Line("");
        Row(["method", "better", "worse", "of"]);
        Row(["---", "---:", "---:", "---:"]);
        foreach (var (label, counts) in rows)
            Row([label, Invariant($"{counts.Better}"), Invariant($"{counts.Worse}"), Invariant($"{counts.Comparisons}")]);
        Line("");
    }

    private void Controls()
    {
        MethodCells[] controls = [.. results.Groups.Where(group => group.Unpaired != UnpairedRows.Real && results.RealOf(group) is not null)];
        if (controls.Length == 0)
            return;
        string[] figures = [.. ((string[])["R@1", Running.Figures.RecallAt10, "CSLS R@1", "LT centroid"]).Where(results.Figures.Contains)];
        Line("## What unpaired rows are worth: real rows minus control, same seeds");
        Line("");
        Row(["method", "control", "pairs", "settings", .. figures.SelectMany(figure => (string[])[$"Δ {figure}", "seeds better"])]);
        Row(["---", "---", .. Enumerable.Repeat("---:", 2 + 2 * figures.Length)]);
        foreach (var group in controls.GroupBy(control => (control.Method, control.Unpaired, control.Pairs)))
            Row([
                group.Key.Method, group.Key.Unpaired.ToString().ToLowerInvariant(), group.Key.Pairs, Invariant($"{group.Count()}"),
                .. figures.SelectMany(figure =>
                {
                    double[] differences = [.. group.SelectMany(control => Comparison.Paired(results.RealOf(control)!, control, figure))];
                    return (string[])[Percent(Summary.Of(differences), signed: true),
                        differences.Length == 0 ? "" : Share(differences.Count(value => value > 0) / (double)differences.Length)];
                })]);
        Line("");
    }

    private void Totals(RunTotals totals)
    {
        Line("## Time");
        Line("");
        Line($"{totals}");
        Line("");
        Line(
            "Times of all starts of the runner are in the sums; reading the data and writing this report are not. Minutes on several cores are the processor "
                + "time divided by "
            + "them: what an idle machine with as many takes when all are kept busy.");
    }

    private void Line(string line) => _text.Append(line).Append('\n');

    private void Row(IEnumerable<string> cells) => Line($"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |");

    private static string Percent(Summary? summary, bool signed = false)
    {
        if (summary is null)
            return "";
        var mean = (100 * summary.Mean).ToString(signed ? "+0.0;-0.0;0.0" : "0.0", CultureInfo.InvariantCulture);
        return summary.Deviation is { } deviation ? mean + Invariant($" ± {100 * deviation:f1}") : mean;
    }

    private static string Share(double? share) => share is { } value ? Invariant($"{100 * value:f0} %") : "";

    // A column a ceiling; the column stays where there is none.
    private string[] Gaps => config.Ceilings.Count < 2 ? ["gap"] : [.. config.Ceilings.Select(ceiling => $"gap to {ceiling}")];

    private string[] Recovered(IReadOnlyList<double?>? gaps) =>
        [.. Gaps.Select((_, i) => gaps?.ElementAtOrDefault(i) is { } gap ? Invariant($"{gap:f2}") : "")];

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
