using System.Diagnostics;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Ends the process when one file takes too long; processor time counts, as a busy machine is no hang.</summary>
internal sealed class FuzzWatch : IDisposable
{
    private static readonly TimeSpan MostProcessorTime = TimeSpan.FromSeconds(5), MostTime = TimeSpan.FromSeconds(60),
        Interval = TimeSpan.FromMilliseconds(250);

    private readonly Timer _timer;
    private readonly Action _hung;
    private long _number, _seen;
    private TimeSpan _processor;
    private long _started;

    /// <param name="hung">Told before the process ends.</param>
    public FuzzWatch(Action hung)
    {
        _hung = hung;
        _timer = new Timer(_ => Look(), null, Interval, Interval);
    }

    /// <summary>A file begins.</summary>
    public void Begin() => Interlocked.Increment(ref _number);

    /// <summary>It is done.</summary>
    public void End() => Interlocked.Increment(ref _number);

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        using var process = Process.GetCurrentProcess();
        var (number, processor) = (Interlocked.Read(ref _number), process.TotalProcessorTime);
        // Even numbers stand between files.
        if (number != _seen || number % 2 == 0)
        {
            (_seen, _processor, _started) = (number, processor, Stopwatch.GetTimestamp());
            return;
        }
        if (processor - _processor <= MostProcessorTime && Stopwatch.GetElapsedTime(_started) <= MostTime)
            return;
        _hung();
        Environment.Exit(1);
    }
}
