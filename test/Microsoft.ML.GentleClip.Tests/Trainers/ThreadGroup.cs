namespace Microsoft.ML.GentleClip.Tests.Trainers;

/// <summary>A process group whose processes are threads: what trainings do with a group, without a launcher.</summary>
internal sealed class ThreadGroup : ProcessGroup
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    private readonly Board _board;

    private ThreadGroup(int rank, Board board) => (Rank, _board) = (rank, board);

    public override int Rank { get; }

    public override int Size => _board.Parts.Length;

    /// <summary>Bytes that this rank sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Runs something in each of some processes.</summary>
    /// <returns>What each gave, or how it ended; and why the first that aborted did.</returns>
    public static (T?[] Results, Exception?[] Exceptions, string? Reason) Run<T>(int size, Func<ThreadGroup, T> action)
    {
        var (board, results, exceptions) = (new Board(size), new T?[size], new Exception?[size]);
        var threads = Enumerable.Range(0, size).Select(rank => new Thread(() =>
        {
            try
            {
                results[rank] = action(new ThreadGroup(rank, board));
            }
            catch (Exception exception)
            {
                exceptions[rank] = exception;
            }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        return (results, exceptions, board.Reason);
    }

    /// <summary>Runs something that succeeds in each of some processes.</summary>
    public static T[] Succeed<T>(int size, Func<ThreadGroup, T> action)
    {
        var (results, exceptions, reason) = Run(size, action);
        Assert.IsTrue(exceptions.All(exception => exception is null), $"{reason}: {string.Join("\n", exceptions.Select(exception => $"{exception}"))}");
        return [.. results.Select(result => result!)];
    }

    public override void AllGather(ReadOnlySpan<byte> own, Span<byte> all, string purpose)
    {
        Put(own, purpose);
        for (int rank = 0; rank < Size; rank++)
            _board.Parts[rank].CopyTo(all[(rank * own.Length)..]);
        Meet(purpose);
    }

    public override void AllToAll(ReadOnlySpan<byte> parts, Span<byte> received, string purpose)
    {
        Put(parts, purpose);
        int length = parts.Length / Size;
        for (int rank = 0; rank < Size; rank++)
            _board.Parts[rank].AsSpan(Rank * length, length).CopyTo(received[(rank * length)..]);
        Meet(purpose);
    }

    public override void Broadcast(Span<byte> data, int root, string purpose)
    {
        Put(Rank == root ? data : default, purpose);
        Assert.AreEqual(data.Length, _board.Parts[root].Length, purpose);
        _board.Parts[root].CopyTo(data);
        Meet(purpose);
    }

    public override void Barrier(string purpose) => Meet(purpose);

    public override void Abort(string reason)
    {
        Interlocked.CompareExchange(ref _board.Reason, $"rank {Rank}: {reason}", null);
        _board.Ended.Cancel();
    }

    private void Put(ReadOnlySpan<byte> own, string purpose)
    {
        (_board.Parts[Rank], _board.Purposes[Rank]) = (own.ToArray(), purpose);
        Sent += own.Length;
        Meet(purpose);
        Assert.IsTrue(_board.Purposes.All(other => other == purpose), string.Join(" / ", _board.Purposes));
    }

    private void Meet(string purpose)
    {
        try
        {
            if (!_board.Meeting.SignalAndWait(Longest, _board.Ended.Token))
                throw new TimeoutException($"rank {Rank} waits in '{purpose}'");
        }
        catch (OperationCanceledException)
        {
            throw new IOException($"The group was ended by {_board.Reason}");
        }
    }

    private sealed class Board(int size)
    {
        public string? Reason;

        public Barrier Meeting { get; } = new(size);

        public CancellationTokenSource Ended { get; } = new();

        public byte[][] Parts { get; } = new byte[size][];

        public string[] Purposes { get; } = new string[size];
    }
}
