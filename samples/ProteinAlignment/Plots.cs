using ScottPlot;
using ScottPlot.TickGenerators;

namespace ProteinAlignment;

/// <summary>Draws the two pictures.</summary>
internal static class Plots
{
    private const int Width = 1500;
    private const int Height = 750;
    private const int Partners = 15;
    private const double SmallestLoss = 1e-4; // rounding can bring the divergence below 0

    private static readonly (string Class, Color Color)[] Classes =
    [
        (nameof(StructureClass.Alpha), Color.FromHex("#D1495B")),
        (nameof(StructureClass.Beta), Color.FromHex("#2E86AB")),
        (nameof(StructureClass.Mixed), Color.FromHex("#8A8D91")),
    ];

    /// <summary>Loss terms of each run over the steps, and the recall on validation pairs where some were held out.</summary>
    public static void SaveTraining(string file, IReadOnlyList<Run> runs) => Save(file, runs, (plot, run) =>
    {
        double[] steps = [.. run.History.Select(epoch => (double)epoch.Step)];
        string[] terms = [.. run.History[0].Losses.Keys];
        // A total of a single term is that term.
        foreach (string term in terms.Length == 2 ? terms.Where(term => term != "total") : terms)
        {
            var line = plot.Add.ScatterLine(steps, [.. run.History.Select(epoch => Math.Log10(Math.Max(epoch.Losses[term], SmallestLoss)))]);
            (line.LegendText, line.LineWidth) = (term, term == "total" ? 3 : 2);
        }

        if (run.History.All(epoch => epoch.Validation is not null))
        {
            var recall = plot.Add.ScatterLine(steps, [.. run.History.Select(epoch => epoch.Validation!.RecallAt10)]);
            (recall.LegendText, recall.LinePattern, recall.Axes.YAxis) = ("validation recall@10 (right)", LinePattern.Dashed, plot.Axes.Right);
            plot.Axes.Right.Label.Text = "recall@10";
        }

        plot.Title($"{run.Method} (seed {run.Seed})");
        plot.XLabel("training step");
        plot.YLabel("loss before weighting (total: weighted)");
        plot.Axes.Left.TickGenerator = new NumericAutomatic
        {
            IntegerTicksOnly = true,
            LabelFormatter = power => $"{Math.Pow(10, power):g4}",
            MinorTickGenerator = new LogMinorTickGenerator(),
        };
        plot.ShowLegend(Edge.Bottom).Legend.Orientation = Orientation.Horizontal;
    });

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
