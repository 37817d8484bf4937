using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>What one process measured of one loss in one form. Times are of one run each.</summary>
internal sealed record Measurement
{
    private const int EmbeddingDimension = 256;
    private const int MaximumRuns = 9;
    private const int ShortestSample = 30; // milliseconds; shorter runs are timed several at once
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(2);

    /// <summary>Highest resident memory in the first run over that just before it; 1 MB is 10^6 bytes.</summary>
    public double PeakMegabytes { get; init; }

    /// <summary>Processor time of each run.</summary>
    public IReadOnlyList<double> Milliseconds { get; init; } = [];

    /// <summary>Time by the clock of each run.</summary>
    public IReadOnlyList<double> ClockMilliseconds { get; init; } = [];

    /// <summary>Processor time of the matrix products, which alternate with the runs.</summary>
    public IReadOnlyList<double> ProductMilliseconds { get; init; } = [];

    /// <summary>Why the loss does not take this batch, or null.</summary>
    public string? Refusal { get; init; }

    public static Measurement Take(ObjectiveCase objective, int rows, Form form, bool once)
    {
        TorchNativeLibrary.EnsureLoaded();
        set_num_threads(1);
        var loss = objective.In(form) ?? throw new ArgumentException($"{objective.Name} has no form {form}.");
        using var scope = NewDisposeScope();
        Run(new Batch(8, EmbeddingDimension, float32), loss); // loads and compiles what every batch needs
        var batch = new Batch(rows, EmbeddingDimension, float32);
        GC.Collect();
        NativeHeap.Trim();
        try
        {
            var memory = new ResidentMemory();
            var first = Time(() => Run(batch, loss), 1);
            var measured = new Measurement { PeakMegabytes = memory.Peak / 1e6 };
            return once ? measured : measured.WithTimes(first, () => Run(batch, loss), form == Form.Ours ? objective.Products?.On(batch) : null);
        }
        catch (ArgumentException e)
        {
            return new() { Refusal = e.Message };
        }
    }

    public string ToJson() => JsonSerializer.Serialize(this);

    public static Measurement FromJson(string json) => JsonSerializer.Deserialize<Measurement>(json)!;

    private static void Run(Batch batch, Func<Batch, Tensor> loss)
    {
        using var scope = NewDisposeScope();
        batch.Differentiate(loss);
    }

    /// <summary>
    /// Runs and products alternate, so that a machine that slows down slows both. The first run, which touches all memory for the first time, counts only where
    /// time allows no other.
    /// </summary>
    private Measurement WithTimes((double Processor, double Clock) first, Action run, Action? products)
    {
        var (runs, productTimes) = (new List<(double Processor, double Clock)>(), new List<double>());
        var elapsed = Stopwatch.StartNew();
        if (first.Clock > Budget.TotalMilliseconds)
        {
            runs.Add(first);
            if (products is not null)
                productTimes.Add(Time(products, 1).Processor);
        }
        else
        {
            var (perSample, productsPerSample) = (PerSample(run), products is null ? 0 : PerSample(products));
            while (runs.Count < MaximumRuns && (runs.Count == 0 || elapsed.Elapsed < Budget))
            {
                runs.Add(Time(run, perSample));
                if (products is not null)
                    productTimes.Add(Time(products, productsPerSample).Processor);
            }
        }

        return this with
        {
            Milliseconds = [.. runs.Select(r => r.Processor)],
            ClockMilliseconds =
            [.. runs.Select(r => r.Clock)],
            ProductMilliseconds = productTimes
        };
    }

    private static int PerSample(Action action) => (int)Math.Clamp(ShortestSample / Time(action, 1).Processor, 1, 1000);

    private static (double Processor, double Clock) Time(Action action, int repetitions)
    {
        var (processor, clock) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        for (var i = 0; i < repetitions; i++)
            action();
        return ((Environment.CpuUsage.TotalTime - processor).TotalMilliseconds / repetitions, Stopwatch.GetElapsedTime(clock).TotalMilliseconds / repetitions);
    }
}
