using System.Threading.Channels;

namespace Serving;

/// <summary>
/// Computes the inputs of many requests together. Requests wait in a bounded queue; one loop takes as many as make a batch, waits a moment for more where there
/// are few, and hands each its part of the result. While a batch is computed the next one gathers, so a busy server waits for nothing.
/// </summary>
/// <param name="compute">One result for each input, in order.</param>
/// <param name="maximumBatch">Most inputs of a batch; a request with more is one of its own.</param>
/// <param name="maximumWait">How long the first request of a batch waits for others.</param>
/// <param name="queueLength">Most requests that wait.</param>
internal sealed class Batcher<TInput, TResult>(Func<IReadOnlyList<TInput>, Task<IReadOnlyList<TResult>>> compute, int maximumBatch,
    TimeSpan maximumWait, int queueLength)
{
    private readonly Channel<Request> _queue = Channel.CreateBounded<Request>(new BoundedChannelOptions(queueLength) { SingleReader = true });
    private readonly Lock _starting = new();
    private Task? _loop;
    private volatile bool _stopped;
    private long _requests;
    private long _batches;

    /// <summary>Requests taken so far.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Batches computed so far.</summary>
    public long Batches => Interlocked.Read(ref _batches);

    /// <summary>The results of some inputs, which the batcher disposes where they can be.</summary>
    /// <param name="inputs">One or more.</param>
    /// <param name="cancellationToken">Ends the wait; a request that no batch has taken yet is never computed.</param>
    /// <exception cref="BusyException">The queue is full, or the batcher has stopped.</exception>
    /// <exception cref="ArgumentException">An input cannot be computed; the other requests of the batch are not affected.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<IReadOnlyList<TResult>> ComputeAsync(IReadOnlyList<TInput> inputs, CancellationToken cancellationToken)
    {
        var request = new Request(inputs, cancellationToken);
        lock (_starting)
            _loop ??= Task.Run(RunAsync, CancellationToken.None);
        if (!_queue.Writer.TryWrite(request))
        {
            request.Dispose();
            throw new BusyException(_stopped ? "The server is stopping." : $"{queueLength} requests are waiting already; try again later.");
        }
        Interlocked.Increment(ref _requests);
        return request.Result.WaitAsync(cancellationToken);
    }

    /// <summary>Takes no more requests and computes those that wait.</summary>
    public async Task StopAsync()
    {
        _stopped = true;
        _queue.Writer.TryComplete();
        Task? loop;
        lock (_starting)
            loop = _loop;
        if (loop is not null)
            await loop;
    }

    private async Task RunAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            var gathered = await GatherAsync();
            // Whose client has gone meanwhile is left out.
            var batch = gathered.FindAll(request => !request.IsCancelled);
            if (batch.Count > 0)
                await ComputeAsync(batch);
            gathered.ForEach(request => request.Dispose());
        }
    }

    private async Task<List<Request>> GatherAsync()
    {
        var (batch, size) = (new List<Request>(), 0);
        using var patience = new CancellationTokenSource(maximumWait);
        while (true)
        {
            while (_queue.Reader.TryPeek(out var next) && (size == 0 || size + next.Inputs.Count <= maximumBatch) && _queue.Reader.TryRead(out next))
            {
                batch.Add(next);
                size += next.Inputs.Count;
            }
            if (size >= maximumBatch || _queue.Reader.TryPeek(out _))
                return batch; // full, or the next one does not fit
            try
            {
                if (!await _queue.Reader.WaitToReadAsync(patience.Token))
                    return batch;
            }
            catch (OperationCanceledException)
            {
                return batch;
            }
        }
    }

    private async Task ComputeAsync(List<Request> batch)
    {
        Interlocked.Increment(ref _batches);
        try
        {
            var results = await compute([.. batch.SelectMany(request => request.Inputs)]);
            int start = 0;
            foreach (var request in batch)
            {
                request.Succeed([.. results.Skip(start).Take(request.Inputs.Count)]);
                start += request.Inputs.Count;
            }
        }
        catch (ArgumentException) when (batch.Count > 1)
        {
            // One request's input is wrong. Alone, each gets its own result or an error that counts its own inputs.
            foreach (var request in batch)
                await ComputeAsync([request]);
        }
        catch (Exception problem)
        {
            batch.ForEach(request => request.Fail(problem));
        }
    }

    private sealed class Request(IReadOnlyList<TInput> inputs, CancellationToken cancellationToken) : IDisposable
    {
        // Whoever waits goes on elsewhere: the loop has the next batch to gather.
        private readonly TaskCompletionSource<IReadOnlyList<TResult>> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<TInput> Inputs => inputs;

        public bool IsCancelled => cancellationToken.IsCancellationRequested;

        public Task<IReadOnlyList<TResult>> Result => _result.Task;

        public void Succeed(IReadOnlyList<TResult> results) => _result.TrySetResult(results);

        public void Fail(Exception problem) => _result.TrySetException(problem);

        // Here and nowhere else: a request that was given up may be in a batch under way.
        public void Dispose()
        {
            foreach (var input in inputs)
                (input as IDisposable)?.Dispose();
            _result.TrySetCanceled(CancellationToken.None);
        }
    }
}
