using System.Diagnostics;

namespace Microsoft.ML.GentleClip.Mpi;

/// <summary>
/// Watches the calls that wait for other processes. Such a call cannot be called back: where it takes longer than the limit, all that is left is to end the
/// process, and the launcher ends the others.
/// </summary>
internal sealed class Watchdog
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly TimeSpan _limit;
    private readonly Action<string> _expired;
    private string _purpose = "";
    private long _since;

    /// <param name="limit">Longest wait.</param>
    /// <param name="expired">Told what the call was for; on the watchdog's thread.</param>
    public Watchdog(TimeSpan limit, Action<string> expired)
    {
        (_limit, _expired) = (limit, expired);
        new Thread(Run) { IsBackground = true, Name = "MPI watchdog" }.Start();
    }

    /// <summary>Added to the limit.</summary>
    public TimeSpan Grace { get; set; }

    /// <summary>Whether a call waits now.</summary>
    public bool IsWaiting => Volatile.Read(ref _since) != 0;

    /// <summary>A call begins; it ends when the result is disposed.</summary>
    /// <exception cref="InvalidOperationException">There is one already, of another thread.</exception>
    public Call Begin(string purpose)
    {
        if (Interlocked.CompareExchange(ref _since, Stopwatch.GetTimestamp(), 0) != 0)
            throw new InvalidOperationException($"Two calls of MPI at once, for '{_purpose}' and for '{purpose}'; expected one at a time.");
        Volatile.Write(ref _purpose, purpose);
        return new Call(this);
    }

    private void Run()
    {
        while (true)
        {
            Thread.Sleep(Period);
            var since = Volatile.Read(ref _since);
            if (since != 0 && Stopwatch.GetElapsedTime(since) >= _limit + Grace)
            {
                _expired(Volatile.Read(ref _purpose));
                return;
            }
        }
    }

    /// <summary>See <see cref="Begin"/>.</summary>
    public readonly ref struct Call(Watchdog watchdog)
    {
        public void Dispose() => Volatile.Write(ref watchdog._since, 0);
    }
}
