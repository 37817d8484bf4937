using System.Text.Json;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>One line of the result: medians over the runs.</summary>
/// <param name="Tower">The tower.</param>
/// <param name="Way">How it was computed.</param>
/// <param name="Runs">Number of runs, each in a process of its own.</param>
/// <param name="Rows">Rows of a run.</param>
/// <param name="RowsPerSecond">By the clock.</param>
/// <param name="RowsPerProcessorSecond">By the time of all threads together.</param>
/// <param name="Least">The least of these.</param>
/// <param name="Most">The most of them.</param>
/// <param name="PeakMegabytes">As in <see cref="ScoringRun"/>.</param>
/// <param name="StartupMilliseconds">As in <see cref="ScoringRun"/>.</param>
/// <param name="ResidentMegabytes">Of the last run, after each tenth of the rows.</param>
internal sealed record ScoringFigures(
    string Tower, string Way, int Runs, int Rows, double RowsPerSecond, double RowsPerProcessorSecond, double Least, double Most, double PeakMegabytes,
    double StartupMilliseconds, IReadOnlyList<double> ResidentMegabytes)
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public static ScoringFigures Of(string tower, string way, IReadOnlyList<ScoringRun> runs)
    {
        return new(
            tower, way, runs.Count, runs[0].Rows, Median(run => 1000 * run.Rows / run.ClockMilliseconds), Median(run => run.RowsPerProcessorSecond),
            runs.Min(run => run.RowsPerProcessorSecond), runs.Max(run => run.RowsPerProcessorSecond), Median(run => run.PeakMegabytes),
            Median(run => run.StartupMilliseconds), runs[^1].ResidentMegabytes);

        double Median(Func<ScoringRun, double> of) => runs.Select(of).Order().ElementAt(runs.Count / 2);
    }

    public static string ToJson(IEnumerable<ScoringFigures> figures) => JsonSerializer.Serialize(figures, Format) + "\n";
}
