using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>
/// Measures objectives and rivals at growing batches, prints a table and writes a file. Every form at every batch has up to three
/// processes; times are medians over all their runs, memory is the median of the processes' peaks.
/// </summary>
internal sealed class ObjectiveBenchmark(IReadOnlyList<ObjectiveCase> objectives, bool quick, string? jsonFile)
{
    private const int Processes = 3;
    private const int LargestRival = 1024; // above, one broadcast matrix takes 17 GB and a loop minutes
    private const int EmbeddingBytes = 256 * sizeof(float);
    private static readonly TimeSpan RivalBudget = TimeSpan.FromSeconds(10);
    private static readonly int[] Batches = [64, 256, 1024, 4096, 16384];

    private readonly List<Figures> _figures = [];
    private readonly List<double> _clockRatios = [];

    public int Run()
    {
        Write(); // an unwritable file shows now, not after the last measurement
        Print("objective", "batch", "ms", "±%", "MB", "products ms", "x", "plain ms", "x", "plain MB", "x", "loop ms", "x");
        foreach (var objective in objectives)
        {
            foreach (var batch in Batches.Where(b => !quick || b <= LargestRival))
                Measure(objective, batch);
        }

        Console.WriteLine($"""

            d = 256, float32, one thread, forward and backward. ms: processor time, median of the runs of {Processes} processes; ±%: half of the
            distance between the quartiles. MB: peak resident memory of a process's first run over that just before it. x: how many
            times ours is the products' time; how many times the rival's figure is ours. -: not run.
            By the clock, runs took {Format(Median(_clockRatios))} times their processor time (median; 1 on an idle machine).
            """);
        return 0;
    }

    private void Measure(ObjectiveCase objective, int batch)
    {
        var ours = Processed(objective, batch, Form.Ours, null);
        if (ours is [{ Refusal: { } refusal }, ..])
        {
            Console.WriteLine($"{objective.Name,-16}{batch,7}  refused: {refusal}");
            return;
        }

        var plain = Fits(objective, batch) ? Rival(objective, batch, Form.Plain) : [];
        var loop = Rival(objective, batch, Form.Loop);
        var times = ours.SelectMany(m => m.Milliseconds).ToArray();
        _clockRatios.AddRange(ours.SelectMany(m => m.ClockMilliseconds.Zip(m.Milliseconds, (clock, processor) => clock / processor)));
        var figures = new Figures(
            objective.Name, batch, Median(times), Median(ours.Select(m => m.PeakMegabytes)), Time(plain), Memory(plain), Time(loop),
                MedianOrNull(ours.SelectMany(m => m.ProductMilliseconds)));
        _figures.Add(figures);
        Write();
        Print(
            objective.Name, batch.ToString(CultureInfo.InvariantCulture), Format(figures.Milliseconds), Format(Spread(times)), Format(figures.PeakMegabytes),
            Format(figures.MatrixProductMilliseconds), Format(figures.Milliseconds / figures.MatrixProductMilliseconds),
            Format(figures.PlainMilliseconds), Format(figures.PlainMilliseconds / figures.Milliseconds),
            Format(figures.PlainPeakMegabytes), Format(figures.PlainPeakMegabytes / figures.PeakMegabytes),
            Format(figures.LoopMilliseconds), Format(figures.LoopMilliseconds / figures.Milliseconds));

        static double? Time(IReadOnlyList<Measurement> m) => MedianOrNull(m.SelectMany(x => x.Milliseconds));
        static double? Memory(IReadOnlyList<Measurement> m) => MedianOrNull(m.Select(x => x.PeakMegabytes));
    }

    /// <summary>Nothing where there is no such rival or its process ended early, as for want of memory.</summary>
    private static List<Measurement> Rival(ObjectiveCase objective, int batch, Form form)
    {
        try
        {
            return objective.In(form) is null || batch > LargestRival ? [] : Processed(objective, batch, form, RivalBudget);
        }
        catch (MeasurementException e)
        {
            Console.Error.WriteLine(e.Message);
            return [];
        }
    }

    /// <summary>A process after the other; with a budget, none is started after it is spent.</summary>
    private static List<Measurement> Processed(ObjectiveCase objective, int batch, Form form, TimeSpan? budget)
    {
        var elapsed = Stopwatch.StartNew();
        var results = new List<Measurement>();
        do
            results.Add(ChildProcess.Measure(objective, batch, form));
        while (results.Count < Processes && results[^1].Refusal is null && (budget is null || elapsed.Elapsed < budget));
        return results;
    }

    /// <summary>Whether a broadcast form has twice the memory it will take: a matrix of rows against rows per product, and two in passing.</summary>
    private static bool Fits(ObjectiveCase objective, int batch)
    {
        if (objective.Plain is null || batch > LargestRival)
            return false;
        var needed = (objective.Products!.Forward + 2L) * batch * batch * EmbeddingBytes;
        if (ResidentMemory.Available is not { } available || available > 2 * needed)
            return true;
        Console.Error.WriteLine(
            $"The broadcast form of {objective.Name} at {batch} rows is left out: it takes about {needed / 1e9:0.0} GB, {available / 1e9:0.0} GB are free.");
        return false;
    }

    private void Write()
    {
        if (jsonFile is not null)
            File.WriteAllText(jsonFile, Figures.ToJson(_figures));
    }

    private static void Print(params ReadOnlySpan<string> cells)
    {
        ReadOnlySpan<int> widths = [-16, 7, 10, 6, 10, 13, 7, 11, 8, 10, 8, 11, 8];
        var line = "";
        for (var i = 0; i < cells.Length; i++)
            line += widths[i] < 0 ? cells[i].PadRight(-widths[i]) : cells[i].PadLeft(widths[i]);
        Console.WriteLine(line);
    }

    private static string Format(double? value) => value switch
    {
        null => "-",
        < 10 => value.Value.ToString("0.00", CultureInfo.InvariantCulture),
        < 100 => value.Value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0", CultureInfo.InvariantCulture),
    };

    private static double? MedianOrNull(IEnumerable<double> values) => values.ToArray() is { Length: > 0 } some ? Median(some) : null;

    private static double Median(IEnumerable<double> values) => Quantile(values, 0.5);

    /// <summary>Half of the distance between the quartiles, in percent of the median.</summary>
    private static double Spread(IReadOnlyList<double> values) => 50 * (Quantile(values, 0.75) - Quantile(values, 0.25)) / Median(values);

    private static double Quantile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        var at = share * (sorted.Length - 1);
        var (low, high) = (sorted[(int)Math.Floor(at)], sorted[(int)Math.Ceiling(at)]);
        return low + (at - Math.Floor(at)) * (high - low);
    }
}
