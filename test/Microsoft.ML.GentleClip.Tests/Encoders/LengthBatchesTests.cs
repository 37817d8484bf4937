using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

/// <summary>Parts hold every row once, are bounded, and what comes out of them finds its row again.</summary>
[TestClass]
public sealed class LengthBatchesTests
{
    private static readonly int[] Lengths = Draw(200);

    [TestMethod]
    public void PaddedPartsKeepEveryRowOnceWithLittlePadding()
    {
        var batches = LengthBatches.Padded(Lengths, DeviceType.CPU);
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 200).ToArray(), Rows(batches));
        for (var part = 0; part < batches.Count; part++)
        {
            int[] rows = batches[part].ToArray();
            Assert.AreEqual(rows.Max(row => Lengths[row]), Lengths[rows[0]], "the longest comes first");
            var padding = rows.Length * Lengths[rows[0]] - rows.Sum(row => Lengths[row]);
            Assert.IsLessThanOrEqualTo(Math.Max(16, 0.1 * rows.Length * Lengths[rows[0]]), padding);
            Assert.IsTrue(rows.Length == 1 || rows.Length * Lengths[rows[0]] <= 1 << 14);
        }
        Assert.IsGreaterThan(1, batches.Count);
        Assert.AreEqual(1, LengthBatches.Padded([200, 200, 195, 198], DeviceType.CPU).Count, "similar lengths stay together");
        Assert.AreEqual(1, LengthBatches.Padded([300, 30], DeviceType.CUDA).Count, "on a GPU a pass costs more than some padding");
        CollectionAssert.AreEqual(new[] { 1, 3, 0, 2 }, Rows(LengthBatches.Padded([5, 9, 5, 9], DeviceType.CPU)), "rows of one length keep their order");
    }

    [TestMethod]
    public void PartsInOrderAreBounded()
    {
        var batches = LengthBatches.InOrder(Lengths);
        CollectionAssert.AreEqual(Enumerable.Range(0, 200).ToArray(), Rows(batches));
        Assert.IsFalse(batches.IsReordered);
        for (var part = 0; part < batches.Count; part++)
            Assert.IsLessThanOrEqualTo(1 << 14, batches[part].ToArray().Sum(row => Lengths[row]));
        Assert.AreEqual(2, LengthBatches.InOrder([20_000, 1]).Count, "a row that is too long has a part of its own");
    }

    [TestMethod]
    public void ScoringSortsOnlyWhatNeedsTwoPasses()
    {
        var batches = new LengthBatches();
        using (var few = Store([3, 9, 5]))
            batches.PlanScoring(few, batchSize: null);
        Assert.IsFalse(batches.IsReordered);
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, Rows(batches));
        using (var many = Store(Lengths))
            batches.PlanScoring(many, batchSize: null);
        Assert.IsTrue(batches.IsReordered);
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 200).ToArray(), Rows(batches));
        Assert.AreEqual(Lengths.Max(), Lengths[batches[0][0]], "the largest pass comes at once");
        using (var many = Store(Lengths))
            batches.PlanScoring(many, batchSize: 64);
        CollectionAssert.AreEqual(new[] { 64, 64, 64, 8 }, Enumerable.Range(0, batches.Count).Select(part => batches[part].Length).ToArray());
        using (var none = Store([]))
            batches.PlanScoring(none, batchSize: null);
        Assert.AreEqual(0, batches.Count, "the plan before is forgotten");
    }

    [TestMethod]
    public void PassesOfATrainingTakeTheLongestFirstAndAreBounded()
    {
        using var store = Store(Lengths);
        int[] positions = [.. Enumerable.Range(50, 120)];
        var passes = LengthBatches.Passes(store, positions);
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 120).ToArray(), Rows(passes));
        Assert.AreEqual(positions.Max(position => Lengths[position]), Lengths[positions[passes[0][0]]]);
        for (var part = 0; part < passes.Count; part++)
            Assert.IsLessThanOrEqualTo(1 << 14, passes[part].ToArray().Sum(row => Lengths[positions[row]]));
    }

    [TestMethod]
    public void WhatComesOutFindsItsRowAgain()
    {
        using var scope = NewDisposeScope();
        var batches = LengthBatches.Padded(Lengths, DeviceType.CPU);
        var parts = Enumerable.Range(0, batches.Count).Select(Encoded).ToList();
        CollectionAssert.AreEqual(Enumerable.Range(0, 200).Select(row => (long)row).ToArray(), batches.Restore(parts, CPU).data<long>().ToArray());

        Tensor Encoded(int part) => tensor(Array.ConvertAll(batches[part].ToArray(), row => (long)row)).unsqueeze(1);
    }

    private static int[] Draw(int count)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(3, 1024))];
    }

    private static int[] Rows(LengthBatches batches) => [.. Enumerable.Range(0, batches.Count).SelectMany(part => batches[part].ToArray())];

    private static TextStore Store(int[] lengths)
    {
        var store = new TextStore(new TextNGramOptions());
        foreach (var length in lengths)
            store.Add(new string('a', length));
        return store;
    }
}
