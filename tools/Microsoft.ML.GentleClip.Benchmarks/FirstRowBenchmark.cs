using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Data;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>
/// What the first row of a scored view waits for, beside what all rows of its first window take, which is what it would wait for if a window were computed
/// whole; and the memory that a process has after each tenth of many rows of different lengths.
/// </summary>
/// <param name="cases">Towers.</param>
/// <param name="engine">What computes.</param>
/// <param name="turns">How often each is measured.</param>
/// <param name="windows">Windows of the measurement of memory; null: times are measured.</param>
internal sealed class FirstRowBenchmark(IReadOnlyList<ScoringCase> cases, ScoringEngine engine, int turns, int? windows)
{
    private const int Window = 256, Parts = 10;

    public int Run(TextWriter output)
    {
        var threads = torch.get_num_threads();
        torch.set_num_threads(1);
        try
        {
            if (windows is { } number)
                output.WriteLine(Memory(cases.Single(), number * Window));
            else
                Times(output);
            return 0;
        }
        finally
        {
            torch.set_num_threads(threads);
        }
    }

    private void Times(TextWriter output)
    {
        output.WriteLine($"{"tower",-12}{"first row, s",-32}{"256 rows, s",-32}times as soon");
        foreach (var tower in cases)
        {
            using var transformer = Create(tower);
            Read(tower, transformer, Window, _ => { }); // warms up
            var figures = Enumerable.Range(0, turns).Select(_ =>
            {
                var (first, start) = (0d, ProcessorSeconds());
                Read(tower, transformer, Window, row => first = row == 0 ? ProcessorSeconds() - start : first);
                return (First: first, All: ProcessorSeconds() - start);
            }).ToArray();
            output.WriteLine($"{tower.Name,-12}{Range(figures.Select(f => f.First)),-32}{Range(figures.Select(f => f.All)),-32}"
                + Range(figures.Select(f => f.All / f.First)));
        }
        output.WriteLine($"\nProcessor time on one thread, {engine}, random weights, median (least-most) of {turns} turns.");
    }

    private string Memory(ScoringCase tower, int rows)
    {
        using var transformer = Create(tower);
        var (resident, before) = (new List<long>(), ResidentMemory.Now);
        Read(tower, transformer, rows, row =>
        {
            if ((row + 1L) * Parts / rows > resident.Count)
                resident.Add(ResidentMemory.Now);
        });
        var tenths = string.Join(' ', resident.Select(bytes => (bytes / 1e6).ToString("0", CultureInfo.InvariantCulture)));
        return string.Create(CultureInfo.InvariantCulture,
            $"{tower.Name}, {engine}, {rows} rows: resident MB before {before / 1e6:0}, after each tenth {tenths}");
    }

    private GentleClipTransformer Create(ScoringCase tower)
    {
        var transformer = tower.CreateTransformer();
        transformer.Scoring = new() { Engine = engine, Overlap = false };
        return transformer;
    }

    private static void Read(ScoringCase tower, GentleClipTransformer transformer, int rows, Action<int> onRow)
    {
        var scored = transformer.Transform(tower.Source(rows));
        var column = scored.Schema[ScoringCase.Output];
        using var cursor = scored.GetRowCursor([column]);
        var getter = cursor.GetGetter<VBuffer<float>>(column);
        VBuffer<float> embedding = default;
        for (var row = 0; cursor.MoveNext(); row++)
        {
            getter(ref embedding);
            onRow(row);
        }
    }

    private static double ProcessorSeconds()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalSeconds;
    }

    private static string Range(IEnumerable<double> values)
    {
        double[] all = [.. values.Order()];
        return string.Create(CultureInfo.InvariantCulture, $"{all[all.Length / 2]:G3} ({all[0]:G3}-{all[^1]:G3})");
    }
}
