using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Compares ways to compute a column of embeddings, each run in a process of its own, prints a table and writes a file.</summary>
internal sealed class ScoringBenchmark(IReadOnlyList<ScoringCase> towers, bool quick, string? jsonFile)
{
    /// <summary>How far ONNX Runtime's embeddings may be from torch's.</summary>
    public const float Tolerance = 1e-4f;

    private const int LongRun = 1_000_000;
    private const string MemoryRun = "Transform, overlapping: memory";

    private int Runs => quick ? 1 : 5;

    public int Run()
    {
        Write([]); // an unwritable file shows now
        Print("tower", "way", "rows", "rows/s", "rows/cpu s", "MB", "start ms");
        var figures = new List<ScoringFigures>();
        var folder = Directory.CreateTempSubdirectory("gentleclip-scoring");
        try
        {
            foreach (var tower in towers)
            {
                foreach (var line in Measure(tower, Path.Combine(folder.FullName, tower.Name + ".onnx")))
                {
                    figures.Add(line);
                    Write(figures);
                    Print(line.Tower, line.Way, Number(line.Rows), Number(line.RowsPerSecond), Number(line.RowsPerProcessorSecond), Number(line.PeakMegabytes),
                        Number(line.StartupMilliseconds));
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
            rows to warm up. rows/cpu s: by the time of all threads together. MB: peak resident memory over that with the model loaded. start ms: from the start of the process to the first embedding.
            """);
        return 0;
    }

    /// <summary>Writes the MLP's graph and compares the embeddings of ONNX Runtime and torch.</summary>
    /// <returns>The largest difference.</returns>
    /// <exception cref="MeasurementException">It is above <see cref="Tolerance"/>.</exception>
    public static float WriteGraph(ScoringCase tower, string file, int rows)
    {
        TorchNativeLibrary.EnsureLoaded();
        using var scope = NewDisposeScope();
        using var transformer = tower.CreateTransformer();
        new MLContext().Model.ConvertGentleClipToOnnx(transformer, file, transformer.ModalityA.OutputColumnName);
        var features = ScoringCase.MakeFeatures().AsMemory(0, rows * tower.InputDimension);
        var found = OnnxScoring.Session(file, rows)(features);
        using var frozen = no_grad();
        var embeddings = transformer.Model.Embed(Side.A, new VectorBatch(tensor(features.ToArray(), [rows, tower.InputDimension]))).contiguous();
        var expected = MemoryMarshal.Cast<byte, float>(embeddings.bytes);
        var largest = 0f;
        for (var i = 0; i < expected.Length; i++)
            largest = Math.Max(largest, Math.Abs(expected[i] - found[i]));
        return largest <= Tolerance
            ? largest
            : throw new MeasurementException(string.Create(CultureInfo.InvariantCulture,
                $"ONNX Runtime's embeddings of {tower.Name} differ from torch's by up to {largest}; expected at most {Tolerance}."));
    }

    private IEnumerable<ScoringFigures> Measure(ScoringCase tower, string onnxFile)
    {
        if (tower.HasGraph)
            WriteGraph(tower, onnxFile, 256);
        var ways = ScoringContender.All.Where(way => way.Takes(tower)).ToList();
        var runs = ways.ToDictionary(way => way, _ => new List<ScoringRun>());
        // In turns, so that a machine that slows down slows all.
        for (var round = 0; round < Runs; round++)
            foreach (var way in ways)
                runs[way].Add(ChildProcess.Measure(tower, way, Math.Max(1, way.RowsOf(tower) / (quick ? 10 : 1)), tower.HasGraph ? onnxFile : null));
        foreach (var way in ways)
            yield return ScoringFigures.Of(tower.Name, way.Name, runs[way]);
        if (tower.HasGraph && !quick)
            yield return ScoringFigures.Of(tower.Name, MemoryRun,
                [ChildProcess.Measure(tower, ScoringContender.Named("Transform, overlapping"), LongRun, null)]);
    }

    private void Write(IEnumerable<ScoringFigures> figures)
    {
        if (jsonFile is not null)
            File.WriteAllText(jsonFile, ScoringFigures.ToJson(figures));
    }

    private static void Print(params ReadOnlySpan<string> cells)
    {
        ReadOnlySpan<int> widths = [-8, -31, 8, 9, 11, 7, 9];
        var line = "";
        for (var i = 0; i < cells.Length; i++)
            line += widths[i] < 0 ? cells[i].PadRight(-widths[i]) : cells[i].PadLeft(widths[i]);
        Console.WriteLine(line);
    }

    private static string Number(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
