using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;
using Palette = Microsoft.ML.GentleClip.Interactive.Palette;

namespace ProteinAlignment;

/// <summary>Draws the two pictures, in the notebooks' colours.</summary>
internal static class Plots
{
    private const int Width = 1500;
    private const int Height = 750;
    private const int Partners = 15;
    private const string Total = "total";
    private const double SmallestLoss = 1e-4; // rounding can bring the divergence below 0

    private static readonly double[] TicksOfADecade = [1, 2, 5];

    private static readonly (string Class, Color Color)[] Classes =
    [
        (nameof(StructureClass.Alpha), Colour(1)),
        (nameof(StructureClass.Beta), Colour(0)),
        (nameof(StructureClass.Mixed), Color.FromHex(Palette.Other)),
    ];

    /// <summary>
    /// Loss terms of each run over the steps, and the recall on validation pairs where some were held out. All runs have the same axes, and a term the same
    /// colour in each.
    /// </summary>
    public static void SaveTraining(string file, IReadOnlyList<Run> runs)
    {
        string[] terms = [.. runs.SelectMany(Terms).Distinct().OrderBy(term => term == Total)];
        double[] powers = [.. runs.SelectMany(run => Terms(run).SelectMany(term => Powers(run, term)))];
        double low = powers.Min(), high = powers.Max(), room = Math.Max(0.04 * (high - low), 0.02);
        double last = runs.Max(run => run.History[^1].Step);
        Save(file, runs, (plot, run) =>
        {
            double[] steps = [.. run.History.Select(epoch => (double)epoch.Step)];
            foreach (string term in Terms(run))
            {
                var line = plot.Add.ScatterLine(steps, Powers(run, term));
                (line.LegendText, line.LineWidth) = term == Total ? ("total, weighted", 3f) : (term, 2f);
                line.Color = term == Total ? Color.FromHex(Palette.Ink) : Colour(Array.IndexOf(terms, term));
            }

            if (run.History.All(epoch => epoch.Validation is not null))
            {
                var recall = plot.Add.ScatterLine(steps, [.. run.History.Select(epoch => epoch.Validation!.RecallAt10)], Color.FromHex(Palette.Other));
                (recall.LegendText, recall.LinePattern, recall.LineWidth, recall.Axes.YAxis) =
                    ("validation recall@10 (right)", LinePattern.Dashed, 2, plot.Axes.Right);
                plot.Axes.Right.Label.Text = "recall@10";
                plot.Axes.SetLimitsY(0, 1, plot.Axes.Right);
            }

            plot.Title($"{run.Method} (seed {run.Seed})");
            plot.XLabel("training step");
            plot.YLabel("mean loss of the epoch, before weighting");
            plot.Axes.SetLimits(0, last * 1.02, low - room, high + room);
            // A decade or less has ticks as well.
            plot.Axes.Left.TickGenerator = new NumericManual([.. Ticks(low - room, high + room)]);
            plot.ShowLegend(Edge.Bottom).Legend.Orientation = Orientation.Horizontal;
        });
    }

    /// <summary>The test embeddings of each run on their two principal axes, with lines between some true partners.</summary>
    public static void SaveEmbeddings(string file, IReadOnlyList<Run> runs) => Save(file, runs, (plot, run) =>
    {
        var (sequences, structures, classes) = run.Embeddings;
        (double X, double Y)[] points = PrincipalComponents.Project([.. sequences, .. structures]);
        int rows = classes.Length;

        foreach (var (name, color) in Classes)
        {
            int[] members = [.. Enumerable.Range(0, rows).Where(row => classes[row] == name)];
            AddMarkers(plot, [.. members.Select(row => points[row])], MarkerShape.FilledCircle, color, $"{name.ToLowerInvariant()}, sequence");
            AddMarkers(plot, [.. members.Select(row => points[rows + row])], MarkerShape.OpenTriangleUp, color, $"{name.ToLowerInvariant()}, structure");
        }

        for (int row = 0; row < rows; row += Math.Max(1, rows / Partners))
        {
            var line = plot.Add.Line(points[row].X, points[row].Y, points[rows + row].X, points[rows + row].Y);
            (line.Color, line.LineWidth) = (Colors.Black.WithAlpha(0.55), 1.2f);
        }

        plot.Title($"{run.Method} (seed {run.Seed})");
        plot.XLabel("first principal axis");
        plot.YLabel("second principal axis");
        plot.Axes.SquareUnits();
        plot.ShowLegend(Edge.Bottom).Legend.Orientation = Orientation.Horizontal;
    });

    // A total of a single term is that term.
    private static IEnumerable<string> Terms(Run run) =>
        run.History[0].Losses.Count == 2 ? run.History[0].Losses.Keys.Where(term => term != Total) : run.History[0].Losses.Keys;

    private static double[] Powers(Run run, string term) => [.. run.History.Select(epoch => Math.Log10(Math.Max(epoch.Losses[term], SmallestLoss)))];

    private static IEnumerable<Tick> Ticks(double low, double high) =>
        Enumerable.Range((int)Math.Floor(low), (int)Math.Ceiling(high) - (int)Math.Floor(low) + 1)
            .SelectMany(power => (high - low > 3 ? TicksOfADecade.Take(1) : TicksOfADecade).Select(factor => Math.Log10(factor) + power))
            .Where(at => at >= low && at <= high).Select(at => new Tick(at, string.Create(CultureInfo.InvariantCulture, $"{Math.Pow(10, at):0.####}")));

    private static Color Colour(int index) => Color.FromHex(Palette.Colour(index));

    private static void AddMarkers(Plot plot, (double X, double Y)[] points, MarkerShape shape, Color color, string legend)
    {
        var markers = plot.Add.Markers(points.Select(point => point.X).ToArray(), points.Select(point => point.Y).ToArray(), shape, 6, color.WithAlpha(0.65));
        (markers.LegendText, markers.MarkerLineColor, markers.MarkerLineWidth) = (legend, color.WithAlpha(0.8), 1);
    }

    private static void Save(string file, IReadOnlyList<Run> runs, Action<Plot, Run> draw)
    {
        var multiplot = new Multiplot { Layout = new ScottPlot.MultiplotLayouts.Columns() };
        multiplot.AddPlots(runs.Count);
        for (int i = 0; i < runs.Count; i++)
            draw(multiplot.GetPlot(i), runs[i]);
        multiplot.SavePng(file, Width, Height);
    }
}
