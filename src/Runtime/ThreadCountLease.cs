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
/// </remarks>
internal sealed class ThreadCountLease : IDisposable
{
    private static readonly Lock Gate = new();
    private static readonly List<ThreadCountLease> Holders = [];
    private static TaskCompletionSource _released = new();
    private static int _formerDefault;

    private readonly int _threads, _formerOfThread;
    private readonly Thread _owner = Thread.CurrentThread;
    private bool _held;

    private ThreadCountLease(int threads)
    {
        _threads = threads;
        _formerOfThread = OwnNumber();
        torch.set_num_threads(threads);
        _held = true;
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

    /// <summary>Acquires the number of threads for the process, waiting while others hold another number.</summary>
    /// <param name="threads">1 or more; null leaves the process's setting alone and never waits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">Cancelled before or during the wait.</exception>
    /// <exception cref="InvalidOperationException">This thread itself holds a lease of another number, so the wait would never end.</exception>
    public static ThreadCountLease Acquire(int? threads, CancellationToken cancellationToken = default)
    {
        TorchNativeLibrary.EnsureLoaded();
        if (threads is not { } number)
        {
            lock (Gate)
            {
                if (OwnNumber() is var own && own != torch.get_num_threads())
                {
                    torch.set_num_threads(own); // and with it the number for new threads
                    SetForNewThreads(Holders[0]._threads);
                }
            }
            return new ThreadCountLease();
        }
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1, nameof(threads));
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
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
                if (Holders.Exists(holder => holder._owner == Thread.CurrentThread))
                    throw new InvalidOperationException($"This thread already computes with {Holders[0]._threads} torch threads and cannot ask for {number} meanwhile.");
                released = _released.Task;
            }
            released.Wait(cancellationToken);
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
