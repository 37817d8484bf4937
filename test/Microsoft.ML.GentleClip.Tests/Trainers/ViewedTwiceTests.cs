using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Trainers;

/// <summary>Which rows of a batch are embedded twice.</summary>
[TestClass]
public sealed class ViewedTwiceTests
{
    [TestMethod]
    public void AShareOfThePairsAndOfTheUnpairedSamplesIsSpreadEvenly()
    {
        using var rows = Rows(0.25, pairs: 10, unpairedA: 7, unpairedB: 1);
        int[] a = [0, 4, 8, 10, 14], b = [0, 4, 8, 10];
        CollectionAssert.AreEqual(a, rows.Some(Side.A, Numbers(17)));
        CollectionAssert.AreEqual(b, rows.Some(Side.B, Numbers(11)));
        CollectionAssert.AreEqual(Array.ConvertAll(a, row => (long)row), rows.Rows!.A.data<long>().ToArray());
        CollectionAssert.AreEqual(Array.ConvertAll(b, row => (long)row), rows.Rows.B.data<long>().ToArray());
        Assert.AreEqual((3, 5, 4), (rows.Rows.Pairs, rows.Count(Side.A), rows.Count(Side.B)));
    }

    [TestMethod]
    [DataRow(0.9, 9)]
    [DataRow(0.5, 5)]
    [DataRow(0.34, 4)]
    [DataRow(0.1, 2)]
    [DataRow(1e-9, 2)]
    public void AShareIsRoundedUpToTwoRowsAtLeast(double share, int expected)
    {
        using var rows = Rows(share, pairs: 10, unpairedA: 0, unpairedB: 0);
        Assert.AreEqual(expected, rows.Count(Side.A));
        CollectionAssert.AreEqual(rows.Some(Side.A, Numbers(10)), rows.Some(Side.B, Numbers(10)), "the pairs' second views are of the same pairs");
    }

    [TestMethod]
    public void AllRowsOrNoneNeedNoNumbers()
    {
        using var all = Rows(null, pairs: 10, unpairedA: 7, unpairedB: 3);
        Assert.IsNull(all.Rows);
        Assert.IsNull(all.Some(Side.A, Numbers(17)));
        Assert.AreEqual((17, 13), (all.Count(Side.A), all.Count(Side.B)));
        using var none = Rows(null, 10, 7, 3, views: false);
        Assert.IsNull(none.Rows);
        Assert.AreEqual((0, 0), (none.Count(Side.A), none.Count(Side.B)));
    }

    private static int[] Numbers(int count) => [.. Enumerable.Range(0, count)];

    private static ViewedTwice Rows(double? share, int pairs, int unpairedA, int unpairedB, bool views = true)
    {
        var options = TwoViews.Options();
        options.Batches.Size = pairs + Math.Max(unpairedA, unpairedB);
        using var data = TrainingData.Read(
            new MLContext(1).Data.LoadFromEnumerable(TwoViews.Mixed(pairs, unpairedA, unpairedB)), options, () => { });
        using var random = new RandomSource(1);
        var sampler = new MixedBatchSampler(data, new BatchPlan(pairs, unpairedA, unpairedB, 1), random);
        return new ViewedTwice(sampler, new ObjectiveNeeds { UnpairedSamples = true, SecondViews = views, SecondViewShare = share }, CPU);
    }
}
