using TorchSharp;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>
/// Holds libtorch's number of intra-op threads at a value and gives the former one back. The number is the process's: holders of one
/// number share it, who wants another waits until they have gone.
/// </summary>
/// <remarks>
/// libtorch keeps the number once for threads to come and once for every thread that has computed already, which takes the former over
/// when it computes first. A lease sets both, the second for the thread that acquires it alone, and restores that one if it is disposed
/// there. A thread that computes first while others hold a lease would keep their number for ever: it gets the process's own.
/// Whoever is called by a holder, on its thread or on one that it started, cannot have another number: the holder may be waiting for it.
/// </remarks>
internal sealed class ThreadCountLease : IDisposable
{
    private static readonly Lock Gate = new();
    private static readonly List<ThreadCountLease> Holders = [];
    private static readonly AsyncLocal<ThreadCountLease?> Innermost = new();
    private static readonly TimeSpan TimeBetweenChecks = TimeSpan.FromMilliseconds(50);
    private static TaskCompletionSource _released = new();
    private static int _formerDefault;

    [ThreadStatic]
    private static bool _hasOwnNumber;

    private readonly int _threads, _formerOfThread;
    private readonly Thread _owner = Thread.CurrentThread;
    private readonly ThreadCountLease? _outer;
    private bool _held;

    private ThreadCountLease(int threads)
    {
        _threads = threads;
        _formerOfThread = OwnNumber();
        torch.set_num_threads(threads);
        _held = true;
        _outer = Innermost.Value;
        Innermost.Value = this;
    }

    // Holds nothing.
    private ThreadCountLease()
    {
    }

    /// <summary>This thread's number as it would be without the leases of others.</summary>
    private static int OwnNumber()
    {
        var number = torch.get_num_threads(); // From here on the thread keeps it, whatever others lease.
        return Holders.Count > 0 && number == Holders[0]._threads && !Holders.Exists(holder => holder._owner == Thread.CurrentThread) ? _formerDefault : number;
    }

    /// <summary>Whether this thread was called by a holder, or by one that a holder started.</summary>
    private static bool IsWithinAHolder()
    {
        for (var lease = Innermost.Value; lease is not null; lease = lease._outer)
            if (lease._held)
                return true;
        return Holders.Exists(holder => holder._owner == Thread.CurrentThread);
    }

    /// <summary>Makes the process's number this thread's before it computes for the first time, whatever others lease; costs nothing afterwards.</summary>
    public static void KeepOwnNumber()
    {
        if (_hasOwnNumber)
            return;
        lock (Gate)
        {
            if (OwnNumber() is var own && own != torch.get_num_threads())
            {
                torch.set_num_threads(own); // and with it the number for new threads
                SetForNewThreads(Holders[0]._threads);
            }
        }
        _hasOwnNumber = true;
    }

    /// <summary>Acquires the number of threads for the process, waiting while others hold another number.</summary>
    /// <param name="threads">1 or more; null leaves the process's setting alone and never waits.</param>
    /// <param name="checkCancelled">Called before the wait and every 50 ms during it; throws to end it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">Cancelled before or during the wait.</exception>
    /// <exception cref="InvalidOperationException">The caller was called by a holder of another number, so the wait might never end.</exception>
    public static ThreadCountLease Acquire(int? threads, Action? checkCancelled = null, CancellationToken cancellationToken = default)
    {
        TorchNativeLibrary.EnsureLoaded();
        if (threads is not { } number)
        {
            KeepOwnNumber();
            return new ThreadCountLease();
        }
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1, nameof(threads));
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            checkCancelled?.Invoke();
            Task released;
            lock (Gate)
            {
                if (Holders.Count == 0 || Holders[0]._threads == number)
                {
                    if (Holders.Count == 0)
                        _formerDefault = OnNewThread(torch.get_num_threads);
                    var lease = new ThreadCountLease(number);
                    Holders.Add(lease);
                    return lease;
                }
                if (IsWithinAHolder())
                    throw new InvalidOperationException(
                        $"This training was begun within another, in its progress callback or in a data view that it reads. The other computes with "
                            + $"{Holders[0]._threads} torch threads; this one asks for {number}, and would wait for the other to end. Give both the same "
                                + $"NumberOfThreads, or leave it unset in the inner one.");
                released = _released.Task;
            }
            released.Wait(checkCancelled is null ? Timeout.InfiniteTimeSpan : TimeBetweenChecks, cancellationToken);
        }
    }

    /// <summary>Gives the number back; the last holder restores the process's. A second call does nothing.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            if (!_held)
                return;
            _held = false;
            Holders.Remove(this);
            if (Innermost.Value == this)
                Innermost.Value = _outer;
            if (_owner == Thread.CurrentThread)
                torch.set_num_threads(_formerOfThread); // and with it the number for new threads, set right below
            var forNewThreads = Holders.Count == 0 ? _formerDefault : _threads;
            SetForNewThreads(forNewThreads);
            if (Holders.Count > 0)
                return;
            _released.SetResult();
            _released = new TaskCompletionSource();
        }
    }

    private static void SetForNewThreads(int number) => OnNewThread(() => { torch.set_num_threads(number); return number; });

    private static int OnNewThread(Func<int> function)
    {
        var result = 0;
        var thread = new Thread(() => result = function());
        thread.Start();
        thread.Join();
        return result;
    }
}
