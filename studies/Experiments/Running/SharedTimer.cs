using System.Diagnostics;

namespace Experiments.Running;

/// <summary>
/// Times work that runs side by side in one process: whatever passes while n are running counts a share of 1/n for each. No portable clock tells the processor
/// time of one thread, and torch may use several; the shares of all add up to the time of the process, from the first start to the last stop.
/// </summary>
/// <param name="clock">Wall and processor time since any moment; null for those of this process.</param>
internal sealed class SharedTimer(Func<ComputingTime>? clock = null)
{
    private readonly Func<ComputingTime> _clock = clock ?? OfProcess;
    private readonly List<Share> _running = [];
    private readonly Lock _lock = new();
    private ComputingTime _last;

    /// <summary>Starts one more; pass it to <see cref="Stop"/>.</summary>
    public Share Start()
    {
        var share = new Share();
        lock (_lock)
        {
            Settle();
            _running.Add(share);
        }

        return share;
    }

    public ComputingTime Stop(Share share)
    {
        lock (_lock)
        {
            Settle();
            _running.Remove(share);
            return share.Time;
        }
    }

    /// <summary>Wall and processor time of this process.</summary>
    public static ComputingTime OfProcess() => new((double)Stopwatch.GetTimestamp() / Stopwatch.Frequency, Environment.CpuUsage.TotalTime.TotalSeconds);

    private void Settle()
    {
        var now = _clock();
        var (wall, processor) = (now.WallSeconds - _last.WallSeconds, now.ProcessorSeconds - _last.ProcessorSeconds);
        foreach (var share in _running)
            share.Time += new ComputingTime(wall / _running.Count, processor / _running.Count);
        _last = now;
    }

    /// <summary>One that runs.</summary>
    internal sealed class Share
    {
        public ComputingTime Time { get; set; }
    }
}
