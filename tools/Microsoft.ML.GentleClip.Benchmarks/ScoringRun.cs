using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>What one process measured of one way to score; 1 MB is 10^6 bytes.</summary>
/// <param name="Rows">Rows of the run.</param>
/// <param name="StartupMilliseconds">From the start of the process to the first embedding.</param>
/// <param name="ClockMilliseconds">Time of the run by the clock.</param>
/// <param name="ProcessorMilliseconds">Processor time of the run, all threads together.</param>
/// <param name="PeakMegabytes">Highest resident memory of the run over that before the first row, model and source loaded.</param>
/// <param name="ResidentMegabytes">Resident memory after each tenth of the rows.</param>
internal sealed record ScoringRun(int Rows, double StartupMilliseconds, double ClockMilliseconds, double ProcessorMilliseconds, double PeakMegabytes,
    IReadOnlyList<double> ResidentMegabytes)
{
    private const int WarmUpShare = 20;

    /// <summary>By the time of all threads together.</summary>
    [JsonIgnore]
    public double RowsPerProcessorSecond => 1000 * Rows / ProcessorMilliseconds;

    public static ScoringRun Take(ScoringCase scoring, ScoringContender contender, int rows, ScoringFiles files)
    {
        Environment.SetEnvironmentVariable("OMP_NUM_THREADS", "1"); // what ONNX Runtime gets where there is no libtorch
        if (contender.UsesTorch)
        {
            TorchNativeLibrary.EnsureLoaded();
            torch.set_num_threads(1);
        }
        var score = contender.Open(scoring, files);
        GC.Collect();
        var memory = new ResidentMemory();
        foreach (var _ in score(1))
        {
        }
        using var process = Process.GetCurrentProcess();
        var startup = (DateTime.Now - process.StartTime).TotalMilliseconds;
        // The runtime compiles the loops anew while they first run: that is the start's, not the rows'.
        foreach (var _ in score(Math.Max(1, rows / WarmUpShare)))
        {
        }

        var (resident, tenth) = (new List<double>(), Math.Max(1, rows / 10));
        var (processor, clock) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        foreach (var done in score(rows))
            if (done >= tenth * (resident.Count + 1))
                resident.Add(ResidentMemory.Now / 1e6);
        var (clockTime, processorTime) = (Stopwatch.GetElapsedTime(clock), Environment.CpuUsage.TotalTime - processor);
        return new(rows, startup, clockTime.TotalMilliseconds, processorTime.TotalMilliseconds, memory.Peak / 1e6, resident);
    }

    public string ToJson() => JsonSerializer.Serialize(this);

    public static ScoringRun FromJson(string json) => JsonSerializer.Deserialize<ScoringRun>(json)!;
}
