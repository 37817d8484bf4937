using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace ProteinAlignment;

/// <summary>How different two random batches look: the features of this sample, and uniform rows of four dimensions as in the paper.</summary>
internal static class SamplingSize
{
    private const int UniformRows = 10_000;
    private const int UniformDimension = 4;
    private const int Seed = 1;

    /// <summary>Prints a table for each column and draws all of them.</summary>
    public static void Run(Protein[] proteins, int repetitions, string file, CancellationToken cancellation)
    {
        var mlContext = new MLContext(Seed);
        IDataView features = Protein.View(mlContext, proteins, nameof(Protein.SequenceFeatures), nameof(Protein.StructureFeatures));
        (string Name, SamplingSizeAnalysis Analysis)[] analyses =
        [
            ($"uniform, {UniformDimension} dimensions", Analyze(Uniform(mlContext), nameof(UniformRow.Uniform))),
            ("sequence features", Analyze(features, nameof(Protein.SequenceFeatures))),
            ("structure features", Analyze(features, nameof(Protein.StructureFeatures))),
        ];
        Plot(analyses).SavePng(file, 1000, 700);

        SamplingSizeAnalysis Analyze(IDataView data, string column)
        {
            var analysis = mlContext.GentleClip().AnalyzeSamplingSize(data, column, repetitions: repetitions, cancellationToken: cancellation);
            Console.WriteLine(analysis);
            Console.WriteLine();
            return analysis;
        }
    }

    private static IDataView Uniform(MLContext mlContext)
    {
        var random = new Random(Seed);
        return mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, UniformRows)
            .Select(_ => new UniformRow { Uniform = [.. Enumerable.Range(0, UniformDimension).Select(_ => random.NextSingle())] }).ToArray());
    }

    private static Plot Plot((string Name, SamplingSizeAnalysis Analysis)[] analyses)
    {
        var plot = new Plot();
        Color[] colors = [Color.FromHex("#8A8D91"), Color.FromHex("#D1495B"), Color.FromHex("#2E86AB")];
        foreach (var ((name, analysis), color) in analyses.Zip(colors))
        {
            double[] sizes = [.. analysis.Gaps.Select(gap => Math.Log2(gap.BatchSize))];
            Add(sizes, analysis.Gaps.Select(gap => gap.Ratio), LinePattern.Solid, MarkerShape.FilledCircle, $"{name}: as printed");
            Add(sizes, analysis.Gaps.Select(gap => gap.RatioLeaveOneOut), LinePattern.Dashed, MarkerShape.OpenCircle, $"{name}: without the self term");

            void Add(double[] x, IEnumerable<double> ratios, LinePattern pattern, MarkerShape marker, string legend)
            {
                var line = plot.Add.Scatter(x, [.. ratios.Select(Math.Log10)]);
                (line.Color, line.LineWidth, line.LinePattern, line.MarkerShape, line.MarkerSize, line.LegendText) = (color, 2, pattern, marker, 7, legend);
            }
        }

        double end = analyses.Max(entry => Math.Log2(entry.Analysis.Gaps[^1].BatchSize));
        var limit = plot.Add.Line(1, 0, end, 2 * (1 - end) * Math.Log10(2));
        (limit.Color, limit.LineWidth, limit.LinePattern, limit.LegendText) = (Colors.Black, 1.5f, LinePattern.Dotted, "(2 / B)²: the self term alone");

        plot.Title("How different two random batches of one set look");
        plot.XLabel("batch size B");
        plot.YLabel("D(B) / D(2)");
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true, LabelFormatter = power => $"{Math.Pow(2, power):f0}" };
        plot.Axes.Left.TickGenerator = new NumericAutomatic
        {
            IntegerTicksOnly = true,
            LabelFormatter = power => $"{100 * Math.Pow(10, power):g4} %",
            MinorTickGenerator = new LogMinorTickGenerator(),
        };
        plot.ShowLegend(Alignment.LowerLeft);
        return plot;
    }

    private sealed class UniformRow
    {
        [VectorType(UniformDimension)]
        public required float[] Uniform { get; init; }
    }
}
