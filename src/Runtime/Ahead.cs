namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>Begins work that a thread of the pool may do before its result is needed: the one way to read or prepare ahead.</summary>
internal static class Ahead
{
    private static readonly AsyncLocal<bool> IsOff = new();

    /// <summary>Begins work. Nothing of it may depend on which thread does it.</summary>
    public static Ahead<T> Begin<T>(Func<T> work)
    {
        var ahead = new Ahead<T>(work);
        if (!IsOff.Value)
            ThreadPool.QueueUserWorkItem(static begun => begun.Run(), ahead, preferLocal: false);
        return ahead;
    }

    /// <summary>Work that is done where its result is taken: for what costs less than waking a thread.</summary>
    public static Ahead<T> Later<T>(Func<T> work) => new(work);

    /// <summary>Until disposed, whatever this flow of control begins is done where its result is taken: for comparisons.</summary>
    public static IDisposable Off()
    {
        var former = IsOff.Value;
        IsOff.Value = true;
        return new Restored(former);
    }

    private sealed class Restored(bool former) : IDisposable
    {
        public void Dispose() => IsOff.Value = former;
    }
}

/// <summary>
/// Work that was begun. Whoever takes the result does the work if no other thread has begun it, so that nobody waits for a busy pool; what the work throws, it
/// throws there. Whoever disposes it instead waits for work under way and frees its result: no thread runs on.
/// </summary>
internal sealed class Ahead<T>(Func<T> work) : IDisposable
{
    private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _begun, _ended;

    /// <summary>The result, once; it is the caller's.</summary>
    /// <exception cref="InvalidOperationException">It was taken or disposed before.</exception>
    public T Take()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            throw new InvalidOperationException("What was begun ahead was taken or disposed before.");
        Run();
        return _result.Task.GetAwaiter().GetResult();
    }

    /// <summary>Does the work, unless some thread has begun it.</summary>
    public void Run()
    {
        if (Interlocked.Exchange(ref _begun, 1) != 0)
            return;
        try
        {
            _result.SetResult(work());
        }
        catch (Exception exception)
        {
            _result.SetException(exception);
        }
    }

    /// <summary>Gives it up: what nobody has begun is not done. After <see cref="Take"/> it does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0 || Interlocked.Exchange(ref _begun, 1) == 0)
            return;
        Task.WaitAny([_result.Task]);
        if (_result.Task.IsCompletedSuccessfully)
            (_result.Task.Result as IDisposable)?.Dispose();
        else
            _ = _result.Task.Exception; // nobody asked for it
    }
}
