using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers;

namespace Microsoft.ML.GentleClip.Tests.Trainers;

[TestClass]
public sealed class SamplingTests
{
    [TestMethod]
    [DataRow(10, 3)]
    [DataRow(10, 10)]
    [DataRow(7, 5)]
    [DataRow(1, 1)]
    public void CycleGivesDifferentIndicesAndSeesAllEquallyOften(int count, int draw)
    {
        var cycle = new IndexCycle(Enumerable.Range(100, count), new ManagedGenerator(5));
        var seen = new int[count];
        var batch = new int[draw];
        var draws = 200 * count;
        for (var i = 0; i < draws; i++)
        {
            cycle.Draw(batch);
            Assert.HasCount(draw, batch.Distinct().ToList());
            foreach (var index in batch)
                seen[index - 100]++;
        }
        var expected = (double)draws * draw / count;
        foreach (var times in seen)
            Assert.IsTrue(Math.Abs(times - expected) < 0.05 * expected, $"seen {times} times, expected about {expected}");
    }

    [TestMethod]
    public void CycleOfNothingGivesNothing() => new IndexCycle([], new ManagedGenerator(1)).Draw([]);

    [TestMethod]
    // n = floor(N / (M + N) * B), M the larger side, clamped to [min(2, N), N]
    [DataRow(100, 900, 500, 256, 25)]
    [DataRow(100, 500, 900, 256, 25)]
    [DataRow(5, 100000, 10, 64, 2)]
    [DataRow(1, 1000, 1000, 64, 1)]
    [DataRow(0, 1000, 1000, 64, 0)]
    [DataRow(50, 0, 0, 64, 50)]
    [DataRow(400, 100, 0, 100, 80)]
    public void ProportionalRuleIsEquation1(int pairs, int unpairedA, int unpairedB, int batch, int expected)
    {
        var options = new GentleClipOptions { Batches = new() { PairsPerBatchRule = PairsPerBatchRule.Proportional, Size = batch } };
        Assert.AreEqual(expected, BatchPlan.Create(options, pairs, unpairedA, unpairedB).Pairs);
    }

    [TestMethod]
    public void FixedRuleDoesNotDependOnTheShareOfPairs()
    {
        var options = new GentleClipOptions { Batches = new() { Size = 100 } };
        Assert.AreEqual(50, BatchPlan.Create(options, 60, 100, 100).Pairs);
        Assert.AreEqual(50, BatchPlan.Create(options, 60, 1_000_000, 5).Pairs);
        Assert.AreEqual(40, BatchPlan.Create(options, 40, 1000, 1000).Pairs);
        Assert.AreEqual(100, BatchPlan.Create(options, 500, 0, 0).Pairs, "without unpaired rows the batch is all pairs");
        options.Batches.PairsPerBatch = 10;
        Assert.AreEqual(10, BatchPlan.Create(options, 60, 100, 100).Pairs);
    }

    [TestMethod]
    public void BatchHasUnpairedSamplesOfBothSidesAsFarAsThereAre()
    {
        var plan = BatchPlan.Create(new GentleClipOptions { Batches = new() { Size = 100, PairsPerBatch = 20 } }, 200, 1000, 30);
        Assert.AreEqual(new BatchPlan(20, 80, 30, 20), plan);
        Assert.AreEqual(1000, BatchPlan.Create(new GentleClipOptions { Batches = new() { Size = 100, PairsPerBatch = 20 } }, 200, 80_000, 30).StepsPerEpoch);
    }

    [TestMethod]
    public void UnpairedRowsThatNoLossUsesAreLeftOut()
    {
        var plan = BatchPlan.Create(GentleClipOptions.FromPreset(GentleClipPreset.Clip), 1000, 1000, 1000);
        Assert.AreEqual((0, 0), (plan.UnpairedA, plan.UnpairedB));
        Assert.AreEqual(128, plan.Pairs, "as many pairs a batch as Gentle-CLIP with the same options, so that both see each pair equally often");
    }

    [TestMethod]
    public void SamplerPutsPairsFirstOnBothSidesAndShufflesTheRestIndependently()
    {
        var rows = TwoViews.Mixed(pairs: 9, unpairedA: 40, unpairedB: 30);
        var mlContext = new MLContext();
        using var data = TrainingData.Read(mlContext.Data.LoadFromEnumerable(rows), TwoViews.Options(), () => { });
        using var random = new RandomSource(3);
        var plan = new BatchPlan(4, 12, 10, 20);
        var sampler = new MixedBatchSampler(data, plan, random);
        var sameOrder = 0;
        for (var step = 0; step < 50; step++)
        {
            sampler.Next();
            var (a, b) = (sampler.Positions(Side.A).ToArray(), sampler.Positions(Side.B).ToArray());
            Assert.HasCount(16, a);
            Assert.HasCount(14, b);
            for (var i = 0; i < 4; i++)
                Assert.AreEqual(a[i], b[i], "row i of the data is example i of both stores while all pairs come first");
            Assert.IsTrue(a[4..].All(position => position >= 9) && b[4..].All(position => position >= 9));
            if (a.AsSpan(4, 10).SequenceEqual(b.AsSpan(4, 10)))
                sameOrder++;
        }
        Assert.AreEqual(0, sameOrder, "unpaired samples of A and B are drawn independently");
    }
}
