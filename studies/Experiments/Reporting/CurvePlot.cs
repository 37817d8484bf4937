using System.Globalization;
using Experiments.Configuration;
using ScottPlot;

namespace Experiments.Reporting;

/// <summary>Recall against the number of unpaired rows: a line for each method and control, with the standard deviation over the seeds.</summary>
internal static class CurvePlot
{
    private const int Width = 1000, Height = 650;

    /// <summary>Draws a picture for each data set, number of pairs and figure that has several numbers of unpaired rows; returns the files.</summary>
    public static IReadOnlyList<string> Save(string folder, ResultTable results, params string[] figures)
    {
        var files = new List<string>();
        foreach (var data in results.DataSets)
            foreach (var pairs in results.Pairs)
            {
                MethodCells[] groups = [.. results.Groups.Where(group => group.Data == data && group.Pairs == pairs)];
                if (groups.Select(group => group.UnpairedRows).Distinct().Count() < 3)
                    continue;
                foreach (var figure in figures.Where(results.Figures.Contains))
                    files.Add(Save(folder, data, pairs, figure, groups));
            }

        return files;
    }

    private static string Save(string folder, string data, string pairs, string figure, MethodCells[] groups)
    {
        using var plot = new Plot();
        var lines = groups.Where(group => group.Unpaired != UnpairedRows.None).GroupBy(group => (group.Method, group.Unpaired)).ToArray();
        var colors = lines.Select(line => line.Key.Method).Distinct().Select((method, i) => (method, Color: plot.Add.Palette.GetColor(i)))
            .ToDictionary(entry => entry.method, entry => entry.Color);
        foreach (var line in lines)
        {
            // Without unpaired rows there is nothing that a control could replace: all lines of a method start there.
            MethodCells[] points = [.. line.Concat(groups.Where(group => group.Unpaired == UnpairedRows.None && group.Method == line.Key.Method))
                .OrderBy(Count)];
            double[] x = [.. points.Select(Count)];
            Summary[] y = [.. points.Select(point => Summary.Of(point.Values(figure))!)];
            var (color, control) = (colors[line.Key.Method], line.Key.Unpaired != UnpairedRows.Real);
            var drawn = plot.Add.ScatterLine(x, [.. y.Select(value => 100 * value.Mean)], color);
            (drawn.LegendText, drawn.LineWidth, drawn.LinePattern, drawn.MarkerSize) = (line.First().Label, 2,
                control ? LinePattern.Dashed : LinePattern.Solid, 6);
            var bars = plot.Add.ErrorBar(x, [.. y.Select(value => 100 * value.Mean)], [.. y.Select(value => 100 * (value.Deviation ?? 0))]);
            (bars.Color, bars.LineWidth) = (color, 1);
        }

        plot.Title($"{data}, {pairs} pairs");
        plot.XLabel("unpaired rows of each modality");
        plot.YLabel($"{figure}, per cent");
        plot.ShowLegend(Edge.Bottom).Legend.Orientation = Orientation.Horizontal;
        var file = Path.Combine(folder,
            string.Concat($"curve-{data}-{pairs}-{figure}.png".Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' ? letter : '_')));
        plot.SavePng(file, Width, Height);
        return file;

        static double Count(MethodCells group) => group.Cells.Average(cell => (cell.UnpairedA + cell.UnpairedB) / 2.0);
    }

    /// <summary>The points of the pictures as CSV.</summary>
    public static void SavePoints(string file, ResultTable results)
    {
        using var writer = new StreamWriter(file) { NewLine = "\n" };
        writer.WriteLine("data,pairs,method,unpaired,unpairedRows,figure,mean,sd,seeds");
        foreach (var group in results.Groups)
            foreach (var figure in results.Figures)
                if (Summary.Of(group.Values(figure)) is { } value)
                    writer.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{group.Data},{group.Pairs},{group.Method},{group.Unpaired.ToString().ToLowerInvariant()},{group.Cells[0].UnpairedA},{figure}"
                            + $",{value.Mean:R},{value.Deviation:R},{value.Count}"));
    }
}
