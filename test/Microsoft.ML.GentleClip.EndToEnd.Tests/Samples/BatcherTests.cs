using Serving;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>What the serving sample's batcher promises, with a computation that the test holds in its hand.</summary>
[TestClass]
public sealed class BatcherTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    private readonly List<int[]> _computed = [];
    private readonly SemaphoreSlim _started = new(0);
    private readonly SemaphoreSlim _allowed = new(0);

    public TestContext TestContext { get; set; } = null!;

    public void Dispose()
    {
        _started.Dispose();
        _allowed.Dispose();
    }

    private CancellationToken Token => TestContext.CancellationToken;

    [TestMethod]
    public async Task WhatWaitsMeanwhileBecomesOneBatchAndEachGetsItsOwn()
    {
        var batcher = Create(maximumBatch: 8, TimeSpan.Zero, queueLength: 10);
        var first = batcher.ComputeAsync([1], Token);
        await _started.WaitAsync(Token);
        var second = batcher.ComputeAsync([2, 3], Token);
        var third = batcher.ComputeAsync([4, 5, 6, 7], Token);
        var fourth = batcher.ComputeAsync([8, 9, 10], Token); // does not fit any more
        var fifth = batcher.ComputeAsync([.. Enumerable.Range(11, 20)], Token); // fits nowhere: alone
        _allowed.Release(10);
        CollectionAssert.AreEqual(new[] { 10 }, (await first).ToArray());
        CollectionAssert.AreEqual(new[] { 20, 30 }, (await second).ToArray());
        CollectionAssert.AreEqual(new[] { 40, 50, 60, 70 }, (await third).ToArray());
        CollectionAssert.AreEqual(new[] { 80, 90, 100 }, (await fourth).ToArray());
        Assert.HasCount(20, await fifth);
        AssertBatches("1", "2 3 4 5 6 7", "8 9 10", string.Join(' ', Enumerable.Range(11, 20)));
        Assert.AreEqual((5, 4), (batcher.Requests, batcher.Batches));
    }

    [TestMethod]
    public async Task TheFirstWaitsForOthersButNotLongerThanAFullBatchTakes()
    {
        _allowed.Release(10);
        var batcher = Create(maximumBatch: 3, Long, queueLength: 10);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await Task.WhenAll(batcher.ComputeAsync([1], Token), batcher.ComputeAsync([2], Token), batcher.ComputeAsync([3], Token));
        Assert.IsLessThan(Long, watch.Elapsed);
        AssertBatches("1 2 3");

        var alone = Create(maximumBatch: 3, TimeSpan.FromMilliseconds(20), queueLength: 10);
        Assert.HasCount(1, await alone.ComputeAsync([4], Token));
    }

    [TestMethod]
    public async Task AWrongInputFailsItsOwnRequestAlone()
    {
        var batcher = Create(maximumBatch: 8, TimeSpan.Zero, queueLength: 10);
        var first = batcher.ComputeAsync([1], Token);
        await _started.WaitAsync(Token);
        var good = batcher.ComputeAsync([2], Token);
        var bad = batcher.ComputeAsync([3, -4], Token);
        _allowed.Release(10);
        await first;
        CollectionAssert.AreEqual(new[] { 20 }, (await good).ToArray());
        Assert.AreEqual("input 1", (await Assert.ThrowsExactlyAsync<ArgumentException>(() => bad)).Message);
    }

    [TestMethod]
    public async Task WhoGivesUpIsNotComputed()
    {
        var batcher = Create(maximumBatch: 8, TimeSpan.Zero, queueLength: 10);
        var first = batcher.ComputeAsync([1], Token);
        await _started.WaitAsync(Token);
        using var cancellation = new CancellationTokenSource();
        var given = batcher.ComputeAsync([2], cancellation.Token);
        var other = batcher.ComputeAsync([3], Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => given); // at once, though the batch before is under way
        _allowed.Release(10);
        await Task.WhenAll(first, other);
        AssertBatches("1", "3");
    }

    [TestMethod]
    public async Task AFullQueueRefusesAndAStoppedBatcherAnswersWhatWaits()
    {
        var batcher = Create(maximumBatch: 1, TimeSpan.Zero, queueLength: 2);
        var first = batcher.ComputeAsync([1], Token);
        await _started.WaitAsync(Token);
        var second = batcher.ComputeAsync([2], Token);
        var third = batcher.ComputeAsync([3], Token);
        StringAssert.StartsWith((await Assert.ThrowsExactlyAsync<BusyException>(() => batcher.ComputeAsync([4], Token))).Message, "2 requests are waiting");

        var stopping = batcher.StopAsync();
        Assert.IsFalse(stopping.IsCompleted);
        StringAssert.Contains((await Assert.ThrowsExactlyAsync<BusyException>(() => batcher.ComputeAsync([5], Token))).Message, "stopping");
        _allowed.Release(10);
        await stopping;
        CollectionAssert.AreEqual(new[] { 10, 20, 30 }, (await Task.WhenAll(first, second, third)).SelectMany(results => results).ToArray());
        AssertBatches("1", "2", "3");
    }

    [TestMethod]
    public async Task InputsAreDisposedOnceTheyAreDoneWith()
    {
        var disposables = Enumerable.Range(0, 3).Select(i => new Disposable(i)).ToArray();
        bool[] alive = [];
        var batcher = new Batcher<Disposable, int>(inputs =>
        {
            alive = [.. inputs.Select(input => !input.IsDisposed)];
            return Task.FromResult<IReadOnlyList<int>>([.. inputs.Select(input => input.Value)]);
        }, 8, TimeSpan.Zero, 1);
        await batcher.ComputeAsync(disposables[..2], Token);
        await batcher.StopAsync();
        await Assert.ThrowsExactlyAsync<BusyException>(() => batcher.ComputeAsync(disposables[2..], Token));
        CollectionAssert.AreEqual(new[] { true, true }, alive);
        Assert.IsTrue(disposables.All(input => input.IsDisposed));
    }

    private Batcher<int, int> Create(int maximumBatch, TimeSpan maximumWait, int queueLength) => new(async inputs =>
    {
        _started.Release();
        await _allowed.WaitAsync(Token);
        if (inputs.ToList().FindIndex(input => input < 0) is >= 0 and var index)
            throw new ArgumentException($"input {index}");
        _computed.Add([.. inputs]);
        return [.. inputs.Select(input => 10 * input)];
    }, maximumBatch, maximumWait, queueLength);

    private void AssertBatches(params string[] expected) => CollectionAssert.AreEqual(expected, _computed.Select(batch => string.Join(' ', batch)).ToArray());

    private sealed class Disposable(int value) : IDisposable
    {
        public int Value => value;

        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
