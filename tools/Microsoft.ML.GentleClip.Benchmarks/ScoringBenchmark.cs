using System.Globalization;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Compares ways to compute a column of embeddings, each run in a process of its own, prints a table and writes a file.</summary>
internal sealed class ScoringBenchmark(IReadOnlyList<ScoringCase> towers, bool quick, string? jsonFile)
{
    private const int LongRun = 1_000_000;
    private const string MemoryRun = "Transform, overlapping: memory";

    // What is told as a ratio: of rows per processor second, run by run.
    private static readonly (string Way, string Of)[] Ratios =
    [
        (ScoringContender.Engine, ScoringContender.Onnx), (ScoringContender.EngineOverlapping, ScoringContender.Onnx),
        (ScoringContender.Engine, ScoringContender.Transform), (ScoringContender.Transform, ScoringContender.Bare),
        (ScoringContender.Onnx, ScoringContender.Bare),
    ];

    private int Runs => quick ? 1 : 5;

    public int Run()
    {
        Write([]); // an unwritable file shows now
        Print("tower", "way", "rows", "rows/s", "rows/cpu s", "least", "most", "peak MB", "resident", "start ms");
        var figures = new List<ScoringFigures>();
        var folder = Directory.CreateTempSubdirectory("gentleclip-scoring");
        try
        {
            foreach (var tower in towers)
            {
                foreach (var line in Measure(tower, new ScoringFiles(folder.FullName, tower.Name)))
                {
                    figures.Add(line);
                    Write(figures);
                    Print(
                        line.Tower, line.Way, Number(line.Rows), Number(line.RowsPerSecond), Number(line.RowsPerProcessorSecond), Number(line.Least),
                        Number(line.Most),
                        Number(line.PeakMegabytes), Number(line.ResidentMegabytes[^1]), Number(line.StartupMilliseconds));
                    if (line.Way == MemoryRun)
                        Console.WriteLine($"  resident MB after each tenth: {string.Join(", ", line.ResidentMegabytes.Select(Number))}");
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
        Console.WriteLine($"""

            float32, random weights, one thread of torch or ONNX Runtime; medians of {Runs} runs, which take turns, each in a process of its own and after a twentieth of its
            rows to warm up. rows/cpu s: by the time of all threads together, with the least and the most. peak MB: peak resident memory over that with the model loaded.
            resident: MB at the end. start ms: from the start of the process to the first embedding. By ONNX Runtime models are loaded without libtorch.
            """);
        return 0;
    }

    private IEnumerable<ScoringFigures> Measure(ScoringCase tower, ScoringFiles files)
    {
        TorchNativeLibrary.EnsureLoaded();
        files.Write(tower, 64);
        var runs = ScoringContender.All.ToDictionary(way => way.Name, _ => new List<ScoringRun>());
        // In turns, so that a machine that slows down slows all.
        for (var round = 0; round < Runs; round++)
            foreach (var way in ScoringContender.All)
                runs[way.Name].Add(ChildProcess.Measure(tower, way, Math.Max(1, way.RowsOf(tower) / (quick ? 10 : 1)), files));
        foreach (var way in ScoringContender.All)
            yield return ScoringFigures.Of(tower.Name, way.Name, runs[way.Name]);
        foreach (var (way, of) in Ratios)
        {
            double[] ratios = [.. runs[way].Zip(runs[of], (run, other) => run.RowsPerProcessorSecond / other.RowsPerProcessorSecond).Order()];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {tower.Name}: {way} is {ratios[ratios.Length / 2]:0.00} ({ratios[0]:0.00} to {ratios[^1]:0.00}) times {of}"));
        }
        if (tower.IsUniform && !quick)
            yield return ScoringFigures.Of(tower.Name, MemoryRun,
                [ChildProcess.Measure(tower, ScoringContender.Named(ScoringContender.Overlapping), LongRun, files)]);
    }

    private void Write(IEnumerable<ScoringFigures> figures)
    {
        if (jsonFile is not null)
            File.WriteAllText(jsonFile, ScoringFigures.ToJson(figures));
    }

    private static void Print(params ReadOnlySpan<string> cells)
    {
        ReadOnlySpan<int> widths = [-8, -31, 8, 9, 11, 9, 9, 8, 9, 9];
        var line = "";
        for (var i = 0; i < cells.Length; i++)
            line += widths[i] < 0 ? cells[i].PadRight(-widths[i]) : cells[i].PadLeft(widths[i]);
        Console.WriteLine(line);
    }

    private static string Number(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
