using Microsoft.ML.GentleClip.Trainers;

namespace Microsoft.ML.GentleClip.Tests.Trainers;

/// <summary>The estimate of what remains, on simulated trainings whose true duration is known.</summary>
[TestClass]
public sealed class RemainingTimeTests
{
    private static readonly TimeSpan Begun = TimeSpan.FromMinutes(40); // what came before must not count

    [TestMethod]
    [DataRow(1000, 0.03, 0.03, 0.0, DisplayName = "even steps")]
    [DataRow(1000, 0.03, 25.0, 0.0, DisplayName = "a first step of 25 s")]
    [DataRow(1000, 0.1, 0.1, 3.0, DisplayName = "a validation of 3 s every 50 steps")]
    [DataRow(200_000, 0.0001, 2.0, 0.0, DisplayName = "rows, the first after 2 s")]
    [DataRow(5, 40.0, 55.0, 0.0, DisplayName = "five folds")]
    public void IsNeverFarFromTheTruth(int units, double seconds, double first, double everyFifty)
    {
        var durations = Enumerable.Range(0, units).Select(i => i == 0 ? first : seconds + (i % 50 == 0 ? everyFifty : 0)).ToArray();
        var estimate = new RemainingTime(units, 0, Begun);
        Assert.IsNull(estimate.Of(0), "nothing is known before the first");
        var (now, left, known) = (Begun.TotalSeconds, durations.Sum(), 0);
        for (var done = 1; done <= units; done++)
        {
            now += durations[done - 1];
            left -= durations[done - 1];
            estimate.Add(TimeSpan.FromSeconds(now), done);
            if (estimate.Of(done)?.TotalSeconds is not { } found)
                continue;
            known++;
            // A validation is one lump of some that come.
            Assert.IsInRange(left / 2.5 - 2 * everyFifty - 1, left * 2.5 + 2 * everyFifty + 1, found, $"after {done}");
        }
        Assert.IsGreaterThan(units * 2 / 3, known, "known most of the time");
        Assert.AreEqual(TimeSpan.Zero, estimate.Of(units));
    }

    [TestMethod]
    public void FollowsAMachineThatBecomesBusy()
    {
        var estimate = new RemainingTime(2000, 0, Begun);
        var now = Begun.TotalSeconds;
        for (var done = 1; done <= 1500; done++)
            estimate.Add(TimeSpan.FromSeconds(now += done <= 1000 ? 0.05 : 0.5), done);
        Assert.IsInRange(200, 300, estimate.Of(1500)!.Value.TotalSeconds, "500 steps of 0.5 s are left");
    }

    [TestMethod]
    public void CountsTheStepsOfThisRunOnly()
    {
        var estimate = new RemainingTime(1000, 900, Begun);
        for (var done = 900; done <= 950; done++)
            estimate.Add(Begun + TimeSpan.FromSeconds(done - 899), done);
        Assert.AreEqual(50, estimate.Of(950)!.Value.TotalSeconds, 0.5, "as if all had been done in this run it would be 3 s");
        Assert.AreEqual(150, estimate.Of(950, more: 100)!.Value.TotalSeconds, 1.5, "another training of 100 steps");
    }

    [TestMethod]
    public void SaysNothingWhereNothingIsKnown()
    {
        var unknownTotal = new RemainingTime(null, 0, Begun);
        var standsStill = new RemainingTime(1000, 0, Begun);
        var once = new RemainingTime(1_000_000_000, 0, Begun);
        for (var i = 1; i <= 100; i++)
        {
            unknownTotal.Add(Begun + TimeSpan.FromSeconds(i), i);
            standsStill.Add(Begun + TimeSpan.FromSeconds(i), 0);
            once.Add(Begun + TimeSpan.FromHours(i), i);
        }
        Assert.IsNull(unknownTotal.Of(100));
        Assert.IsNull(standsStill.Of(0));
        Assert.IsNull(once.Of(100), "a hundred thousand years are no estimate");
    }
}
