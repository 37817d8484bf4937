using Microsoft.ML.GentleClip.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

[TestClass]
public sealed class ThreadCountLeaseTests
{
    private int _before;

    [TestInitialize]
    public void Remember()
    {
        _before = torch.get_num_threads();
        torch.set_num_threads(2);
    }

    [TestCleanup]
    public void Restore() => torch.set_num_threads(_before);

    [TestMethod]
    public void SetsAndRestoresHereAndForNewThreads()
    {
        using (ThreadCountLease.Acquire(3))
            Assert.AreEqual((3, 3), (torch.get_num_threads(), OfNewThread()));
        Assert.AreEqual((2, 2), (torch.get_num_threads(), OfNewThread()));
    }

    [TestMethod]
    public void NullLeavesTheSettingAndNeverWaits()
    {
        using var held = ThreadCountLease.Acquire(1);
        using (ThreadCountLease.Acquire(null))
            Assert.AreEqual(1, torch.get_num_threads());
        Assert.AreEqual(1, torch.get_num_threads());
    }

    [TestMethod]
    public void EqualNumbersShareAndTheLastHolderRestores()
    {
        var first = ThreadCountLease.Acquire(3);
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        (int During, int After) second = default;
        var thread = new Thread(() =>
        {
            torch.set_num_threads(2); // a thread that has computed before keeps its own number
            using (ThreadCountLease.Acquire(3))
            {
                entered.Set();
                leave.Wait();
                second.During = torch.get_num_threads();
            }
            second.After = torch.get_num_threads();
        });
        thread.Start();
        entered.Wait();
        first.Dispose();
        first.Dispose();
        var meanwhile = (torch.get_num_threads(), OfNewThread());
        leave.Set();
        thread.Join();
        Assert.AreEqual((2, 3), meanwhile);
        Assert.AreEqual((3, 2), second);
        Assert.AreEqual((2, 2), (torch.get_num_threads(), OfNewThread()));
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(null)]
    public void AThreadThatComputesFirstUnderAnothersLeaseDoesNotKeepItsNumber(int? number)
    {
        var (during, after) = (0, 0);
        using (ThreadCountLease.Acquire(3))
        {
            new Thread(() =>
            {
                using (ThreadCountLease.Acquire(number))
                    during = torch.get_num_threads();
                after = torch.get_num_threads();
            }).RunToEnd();
            Assert.AreEqual((3, 3), (torch.get_num_threads(), OfNewThread()), "the holder's own and that of new threads");
        }
        Assert.AreEqual((number ?? 2, 2), (during, after));
        Assert.AreEqual((2, 2), (torch.get_num_threads(), OfNewThread()));
    }

    [TestMethod]
    public void AnotherNumberWaitsUntilTheHolderHasGone()
    {
        using var holder = ThreadCountLease.Acquire(3);
        var released = false;
        var waiter = OnAnotherThread(() =>
        {
            using var lease = ThreadCountLease.Acquire(1);
            return (Volatile.Read(ref released), torch.get_num_threads());
        });
        Assert.IsFalse(waiter.Wait(50));
        Assert.AreEqual(3, OfNewThread());
        Volatile.Write(ref released, true);
        holder.Dispose();
        Assert.AreEqual((true, 1), waiter.Result);
        Assert.AreEqual((2, 2), (torch.get_num_threads(), OfNewThread()));
    }

    [TestMethod]
    public void WaitIsCancellable()
    {
        using var holder = ThreadCountLease.Acquire(3);
        using var cancel = new CancellationTokenSource();
        var waiter = OnAnotherThread(() => ThreadCountLease.Acquire(1, cancellationToken: cancel.Token));
        Assert.IsFalse(waiter.Wait(50));
        cancel.Cancel();
        Assert.IsInstanceOfType<OperationCanceledException>(Assert.ThrowsExactly<AggregateException>(() => waiter.Wait()).InnerException);
        Assert.AreEqual(3, torch.get_num_threads());
        Assert.ThrowsExactly<OperationCanceledException>(() => ThreadCountLease.Acquire(3, cancellationToken: cancel.Token));
    }

    [TestMethod]
    public void TheWaitAsksAgainAndAgainWhetherItIsToGoOn()
    {
        using var holder = ThreadCountLease.Acquire(3);
        var asked = 0;
        var waiter = OnAnotherThread(() => ThreadCountLease.Acquire(1, () =>
        {
            if (++asked == 3)
                throw new OperationCanceledException("enough");
        }));
        Assert.AreEqual("enough", Assert.ThrowsExactly<AggregateException>(() => waiter.Wait()).InnerException!.Message);
        Assert.AreEqual(3, asked);
    }

    [TestMethod]
    public void WaitThatCouldNeverEndIsRefused()
    {
        using (ThreadCountLease.Acquire(3))
        {
            Assert.ThrowsExactly<InvalidOperationException>(() => ThreadCountLease.Acquire(1));
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ThreadCountLease.Acquire(0));
            // The holder may be waiting for what it has started.
            var nested = Task.Run(() => ThreadCountLease.Acquire(1));
            Assert.IsInstanceOfType<InvalidOperationException>(Assert.ThrowsExactly<AggregateException>(() => nested.Wait()).InnerException);
        }
        Task.Run(() => ThreadCountLease.Acquire(1).Dispose()).Wait();
    }

    [TestMethod]
    public void WhatWasStartedWithinALeaseMayHaveAnyNumberOnceTheLeaseHasEnded()
    {
        using var ended = new ManualResetEventSlim();
        Task<int> later;
        using (ThreadCountLease.Acquire(3))
        {
            later = Task.Factory.StartNew(() =>
            {
                ended.Wait();
                using var lease = ThreadCountLease.Acquire(1);
                return torch.get_num_threads();
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        ended.Set();
        Assert.AreEqual(1, later.Result);
    }

    [TestMethod]
    public void DisposedOnAnotherThreadStillFreesTheNumber()
    {
        var lease = ThreadCountLease.Acquire(3);
        new Thread(lease.Dispose).RunToEnd();
        Assert.AreEqual(2, OfNewThread());
        using (ThreadCountLease.Acquire(1))
            Assert.AreEqual(1, torch.get_num_threads());
    }

    [TestMethod]
    public void ManyThreadsNeverSeeAnothersNumber()
    {
        var wrong = 0;
        var threads = Enumerable.Range(0, 6).Select(index => new Thread(() =>
        {
            for (var round = 0; round < 50; round++)
            {
                var number = 1 + (index + round) % 3;
                using var lease = ThreadCountLease.Acquire(number);
                if (torch.get_num_threads() != number)
                    Interlocked.Increment(ref wrong);
            }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.AreEqual(0, wrong);
        Assert.AreEqual(2, OfNewThread());
    }

    // Not one that the caller's lease has started, as it would be without this.
    private static Task<T> OnAnotherThread<T>(Func<T> function)
    {
        using (ExecutionContext.SuppressFlow())
            return Task.Factory.StartNew(function, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private static int OfNewThread()
    {
        var number = 0;
        new Thread(() => number = torch.get_num_threads()).RunToEnd();
        return number;
    }
}

file static class Threads
{
    public static void RunToEnd(this Thread thread)
    {
        thread.Start();
        thread.Join();
    }
}
