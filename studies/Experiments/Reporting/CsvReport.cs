using System.Globalization;
using System.Text;
using Experiments.Running;

namespace Experiments.Reporting;

/// <summary>Every figure of every cell, and their summaries, a line each.</summary>
internal static class CsvReport
{
    public static void WriteCells(string file, IEnumerable<CellResult> cells)
    {
        var text = new StringBuilder("data,method,pairs,pairCount,unpaired,unpairedRows,unpairedA,unpairedB,seed,steps,pairPresentations,figure,value\n");
        foreach (var cell in cells)
            foreach (var (figure, value) in cell.Figures.Concat(Times(cell)))
                Line(text, cell.Key.Data, cell.Key.Method, cell.Key.Pairs, cell.PairCount, Lower(cell.Key.Unpaired), cell.Key.UnpairedRows, cell.UnpairedA,
                    cell.UnpairedB, cell.Key.Seed, cell.Steps, cell.PairPresentations, figure, value);
        File.WriteAllText(file, text.ToString());
    }

    public static void WriteSummary(string file, ResultTable results)
    {
        var text = new StringBuilder();
        string[] gaps = results.Ceilings.Count < 2 ? ["gapRecovered"] : [.. results.Ceilings.Select(ceiling => $"gapRecovered to {ceiling}")];
        Line(text, ["data", "method", "pairs", "unpaired", "unpairedRows", "figure", "seeds", "mean", "sd", "difference", "differenceSd", "shareOfSeedsBetter",
            .. gaps]);
        foreach (var group in results.Groups)
            foreach (var figure in results.Figures)
                if (results.Compare(group, figure) is { } comparison)
                    Line(text, [group.Data, group.Method, group.Pairs, Lower(group.Unpaired), group.UnpairedRows, figure, comparison.Value.Count,
                        comparison.Value.Mean, comparison.Value.Deviation,
                        comparison.Difference?.Mean, comparison.Difference?.Deviation, comparison.ShareBetter,
                        .. gaps.Select((_, i) => (object?)comparison.GapsRecovered.ElementAtOrDefault(i))]);
        File.WriteAllText(file, text.ToString());
    }

    private static IEnumerable<KeyValuePair<string, double>> Times(CellResult cell) =>
        cell.Time is { } time ? [new("fit seconds", cell.FitSeconds), new("wall seconds", time.WallSeconds), new("processor seconds", time.ProcessorSeconds)]
            : [new("fit seconds", cell.FitSeconds)];

    private static string Lower(Enum value) => value.ToString().ToLowerInvariant();

    private static void Line(StringBuilder text, params object?[] values) => text.AppendJoin(',', values.Select(Field)).Append('\n');

    private static string Field(object? value) => value switch
    {
        null => "",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ when value.ToString() is { } field && field.AsSpan().IndexOfAny(",\"\n") >= 0 => $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"",
        _ => value.ToString()!,
    };
}
