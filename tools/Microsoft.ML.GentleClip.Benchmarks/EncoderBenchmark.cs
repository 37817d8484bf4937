using System.Globalization;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Measures throughput and memory of encoders, one after the other in this process, prints a table and writes a file.</summary>
internal sealed class EncoderBenchmark(IReadOnlyList<EncoderCase> encoders, bool quick, string? jsonFile)
{
    private int Runs => quick ? 3 : 15;

    public int Run()
    {
        Write([]); // an unwritable file shows now
        TorchNativeLibrary.EnsureLoaded();
        set_num_threads(1);
        Print("encoder", "weights", "per batch", "", "inference/s", "training/s", "MB", "MB", "outside %", "outside %");
        var figures = new List<EncoderFigures>();
        foreach (var encoder in encoders)
        {
            var f = Measure(encoder);
            figures.Add(f);
            Write(figures);
            Print(
                f.Encoder, Number(f.Weights), Number(f.ElementsPerBatch), f.Element, Number(f.InferencePerSecond), Number(f.TrainingPerSecond),
                    Number(f.InferencePeakMegabytes), Number(f.TrainingPeakMegabytes),
                Share(f.SmallestInferenceMilliseconds + (f.PreparationMilliseconds ?? 0), f.InferenceMilliseconds),
                    Share(f.SmallestTrainingMilliseconds + (f.PreparationMilliseconds ?? 0), f.TrainingMilliseconds));
        }

        Console.WriteLine($"""

            float32, one thread, random weights; training is forward and backward. Rates are per second of processor time, medians of {Runs} runs.
            MB: peak resident memory of the first run over that just before it, gradients included in training. outside %: what the same number of operations costs
            on next to nothing and, for CDConv, the search of neighbours, in percent: an upper bound of the time spent outside of torch's kernels.
            """);
        return 0;
    }

    internal EncoderFigures Measure(EncoderCase encoder)
    {
        using var run = encoder.Create();
        using var smallest = encoder.Smallest?.Invoke();
        smallest?.Train(); // loads what every run needs
        var (inference, inferencePeak) = Times(run.Infer);
        var (training, trainingPeak) = Times(run.Train);
        return new(
            encoder.Name, encoder.Element, run.Weights, run.Elements, inference, training, inferencePeak, trainingPeak,
            smallest is null ? null : Times(smallest.Infer).Milliseconds, smallest is null ? null : Times(smallest.Train).Milliseconds,
            encoder.Preparation is { } preparation ? Times(Scoped(preparation)).Milliseconds : null);
    }

    private static Action Scoped(Action action) => () =>
    {
        using var scope = NewDisposeScope();
        action();
    };

    private (double Milliseconds, double PeakMegabytes) Times(Action pass)
    {
        GC.Collect();
        NativeHeap.Trim();
        var memory = new ResidentMemory();
        pass();
        var peak = memory.Peak / 1e6;
        var times = new double[Runs];
        foreach (ref var time in times.AsSpan())
        {
            var start = Environment.CpuUsage.TotalTime;
            pass();
            time = (Environment.CpuUsage.TotalTime - start).TotalMilliseconds;
        }
        Array.Sort(times);
        return (times[times.Length / 2], peak);
    }

    private void Write(IEnumerable<EncoderFigures> figures)
    {
        if (jsonFile is not null)
            File.WriteAllText(jsonFile, EncoderFigures.ToJson(figures));
    }

    private static void Print(params ReadOnlySpan<string> cells)
    {
        ReadOnlySpan<int> widths = [-14, 12, 11, -10, 13, 12, 8, 8, 11, 11];
        var line = "";
        for (var i = 0; i < cells.Length; i++)
            line += widths[i] < 0 ? (i == 0 ? "" : " ") + cells[i].PadRight(-widths[i]) : cells[i].PadLeft(widths[i]);
        Console.WriteLine(line);
    }

    private static string Number(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    private static string Share(double? part, double whole) => part is { } some ? (100 * some / whole).ToString("0.0", CultureInfo.InvariantCulture) : "-";
}
