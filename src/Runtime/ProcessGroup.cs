namespace Microsoft.ML.GentleClip;

/// <summary>
/// Processes that train one model together: each runs the same program on the same view of rows, and <c>Fit</c> shares rows and work among them
/// (<see cref="GentleClipOptions.ProcessGroup"/>). The package Microsoft.ML.GentleClip.Mpi has one on MPI; derive from this class for another engine.
/// </summary>
/// <remarks>
/// <para>
/// An implementation moves bytes and knows nothing of trainings. Every process calls the same members in the same order, each call waits for the others,
/// and none returns before its part is done. Memory is in the machine's byte order. Calls come from one thread at a time, which need not be the same.
/// </para>
/// <para>
/// A call that fails throws; whoever trains answers with <see cref="Abort"/>. A call that may never come back, because another process has died or cannot
/// be reached, must end by itself: within a limit that the implementation states, with an exception or with the process.
/// </para>
/// <para>One <c>Fit</c> at a time uses a group.</para>
/// </remarks>
public abstract class ProcessGroup
{
    private int _uses;

    /// <summary>Creates the group.</summary>
    protected ProcessGroup()
    {
    }

    /// <summary>Zero-based number of this process. Rank 0 logs, reports progress and writes checkpoints.</summary>
    public abstract int Rank { get; }

    /// <summary>Number of processes, 1 or more.</summary>
    public abstract int Size { get; }

    /// <summary>Gives every process the bytes of all.</summary>
    /// <param name="own">This process's bytes, as many as every other's.</param>
    /// <param name="all">Receives <see cref="Size"/> times as many, in the order of the ranks.</param>
    /// <param name="purpose">What it is for, in a few words; for messages.</param>
    public abstract void AllGather(ReadOnlySpan<byte> own, Span<byte> all, string purpose);

    /// <summary>Gives every process a part of each other's bytes: the part of rank r goes to rank r.</summary>
    /// <param name="parts"><see cref="Size"/> parts of the same length, one for each process, in the order of the ranks.</param>
    /// <param name="received">Receives this process's part of each, in the order of the ranks that sent them.</param>
    /// <param name="purpose">What it is for, in a few words; for messages.</param>
    public abstract void AllToAll(ReadOnlySpan<byte> parts, Span<byte> received, string purpose);

    /// <summary>Gives every process the bytes of one.</summary>
    /// <param name="data">The bytes on the process that sends; on the others as many, to be overwritten.</param>
    /// <param name="root">Rank of the one that sends.</param>
    /// <param name="purpose">What it is for, in a few words; for messages.</param>
    public abstract void Broadcast(Span<byte> data, int root, string purpose);

    /// <summary>Returns when all processes have called it.</summary>
    /// <param name="purpose">What it is for, in a few words; for messages.</param>
    public abstract void Barrier(string purpose);

    /// <summary>
    /// Ends all processes of the group, because this one cannot go on. An implementation that ends the process itself does not return; one that only
    /// makes the calls of the others fail does.
    /// </summary>
    /// <param name="reason">Why, in words; for the one message that the user reads.</param>
    public abstract void Abort(string reason);

    /// <summary>Takes the group for a training.</summary>
    /// <exception cref="InvalidOperationException">Another one uses it: their messages would be taken for each other's.</exception>
    internal IDisposable Use() => Interlocked.Increment(ref _uses) == 1
        ? new Lease(this)
        : throw new InvalidOperationException(
            $"Another Fit of this process uses the same {nameof(ProcessGroup)}; expected one at a time, in the same order in all processes.");

    private sealed class Lease(ProcessGroup group) : IDisposable
    {
        public void Dispose() => Interlocked.Exchange(ref group._uses, 0);
    }
}
