using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

/// <summary>Work that is begun ahead is done once, by whoever comes first, and nothing of it runs on when it is given up.</summary>
[TestClass]
public sealed class AheadTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [TestMethod]
    public void TheWorkIsDoneOnceAndItsResultTakenOnce()
    {
        for (var i = 0; i < 200; i++)
        {
            var done = 0;
            using var ahead = Ahead.Begin(() => Interlocked.Increment(ref done));
            Assert.AreEqual(1, ahead.Take());
            Assert.AreEqual(1, done);
            Assert.ThrowsExactly<InvalidOperationException>(() => ahead.Take());
        }
    }

    [TestMethod]
    public void AnotherThreadBeginsBeforeTheResultIsAskedFor()
    {
        using var begun = new ManualResetEventSlim();
        using var ahead = Ahead.Begin(() =>
        {
            begun.Set();
            return Environment.CurrentManagedThreadId;
        });
        Assert.IsTrue(begun.Wait(Long, CancellationToken.None), "no thread of the pool took it");
        Assert.AreNotEqual(Environment.CurrentManagedThreadId, ahead.Take());
    }

    [TestMethod]
    public void WhatIsOffIsDoneWhereItIsTaken()
    {
        using (Ahead.Off())
        {
            using var ahead = Ahead.Begin(() => Environment.CurrentManagedThreadId);
            Assert.AreEqual(Environment.CurrentManagedThreadId, ahead.Take());
            var done = false;
            Ahead.Begin(() => done = true).Dispose();
            Assert.IsFalse(done, "what nobody asked for is not done");
        }
        AnotherThreadBeginsBeforeTheResultIsAskedFor();
    }

    [TestMethod]
    public void WhatItThrowsReachesWhoeverTakesIt()
    {
        using var ahead = Ahead.Begin<int>(() => throw new FormatException("row 7"));
        Assert.AreEqual("row 7", Assert.ThrowsExactly<FormatException>(() => ahead.Take()).Message);
        using var begun = new ManualResetEventSlim();
        var given = Ahead.Begin<int>(() =>
        {
            begun.Set();
            throw new FormatException("of nobody's");
        });
        begun.Wait(Long, CancellationToken.None);
        given.Dispose(); // which does not throw
    }

    [TestMethod]
    public void GivingItUpWaitsForWorkUnderWayAndFreesItsResult()
    {
        using var begun = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var result = new Freed();
        var ahead = Ahead.Begin(() =>
        {
            begun.Set();
            go.Wait(Long, CancellationToken.None);
            return result;
        });
        Assert.IsTrue(begun.Wait(Long, CancellationToken.None));
        var end = Task.Run(ahead.Dispose);
        Assert.IsFalse(result.IsFreed);
        Assert.IsFalse(end.IsCompleted, "it must wait for the work");
        go.Set();
        Assert.IsTrue(end.Wait(Long));
        Assert.IsTrue(result.IsFreed);
    }

    private sealed class Freed : IDisposable
    {
        public bool IsFreed { get; private set; }

        public void Dispose() => IsFreed = true;
    }
}
