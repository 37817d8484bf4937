using Microsoft.ML.GentleClip.Alignment;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Alignment;

/// <summary>Transport self-training and the blend that it is a part of.</summary>
[TestClass]
public sealed class TransportTests : AlignmentTest
{
    private static readonly AlignmentSettings Transported = new() { Method = ClosedFormMethod.Transport };
    private static readonly AlignmentSettings Blend = new() { Method = ClosedFormMethod.Blend };

    [TestMethod]
    [DataRow(1, 1.0)]
    [DataRow(3, 1.0)]
    [DataRow(3, 0.8)]
    public void EqualsPlainLoop(int rounds, double damping)
    {
        var data = Data(pairs: 8, unpairedA: 24, unpairedB: 21);
        var (a, b) = Views(9, 6, 5, seed: 7);
        var (pairsA, pairsB, poolA, poolB) = (ToRows(data.PairsA), ToRows(data.PairsB), ToRows(data.UnpairedA!), ToRows(data.UnpairedB!));
        var plain = new PlainAlignment(pairsA, pairsB, [.. pairsA, .. poolA], [.. pairsB, .. poolB]);
        var before = tensor(plain.Cosines(ToRows(a), ToRows(b)).SelectMany(row => row).ToArray(), [9, 9]);
        plain.Transport(pairsA, pairsB, poolA, poolB, rounds, damping);
        var expected = tensor(plain.Cosines(ToRows(a), ToRows(b)).SelectMany(row => row).ToArray(), [9, 9]);
        foreach (var (elements, tolerance) in new[] { (1L << 20, 1e-7), (0L, 1e-2) })
        {
            var (alignment, report) = Fit(data, Transported with { Transport = new() { Rounds = rounds, Damping = damping, ExactElements = elements } });
            using (alignment)
            {
                Assert.AreEqual((ClosedFormMethod.Transport, true), (report.Method, report.UsesTransport));
                AssertClose(expected, Cosines(alignment, a, b), tolerance);
            }
        }
        Assert.IsGreaterThan(1e-2, (expected - before).abs().max().item<double>(), "the rounds changed something");
    }

    [TestMethod]
    public void TheBlendsCosinesAreTheMeanOfItsPartsCosines()
    {
        var data = Data(20, 60, 50);
        var (a, b) = Views(9, 6, 5, seed: 7);
        Tensor CosinesOf(AlignmentSettings settings)
        {
            var (alignment, _) = Fit(data, settings);
            using (alignment)
                return Cosines(alignment, a, b);
        }
        var onPairs = CosinesOf(Plain with { LinearWeight = 1, KernelWeight = 1 });
        AssertClose((onPairs + CosinesOf(Transported)) / 2, CosinesOf(Blend), 1e-10);
        AssertClose(CosinesOf(Plain with { KernelWeight = 0 }), CosinesOf(new() { Method = ClosedFormMethod.Linear }), 1e-10);
    }

    [TestMethod]
    public void UnpairedRowsHelpWhereGeometriesAgreeAndNoiseOfEqualCovarianceDoesNot()
    {
        var (linear, recipe, real, noise) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        foreach (var seed in new[] { 1, 2, 3 })
        {
            var world = new AgreeingViews(seed);
            var (data, test) = (world.Data(pairs: 8, unpaired: 500), world.Pairs(200, 4));
            var control = new AlignmentData(
                data.PairsA, data.PairsB, AgreeingViews.LikeGaussian(data.UnpairedA, 31), AgreeingViews.LikeGaussian(data.UnpairedB, 32));
            linear.Add(Recall(data, test, new() { Method = ClosedFormMethod.Linear }));
            recipe.Add(Recall(data, test, Plain));
            real.Add(Recall(data, test, new()));
            noise.Add(Recall(control, test, new()));
        }
        var found = $"R@1: linear {linear.Average():f1}, R {recipe.Average():f1}, chosen {real.Average():f1}, chosen on Gaussian rows {noise.Average():f1}";
        Assert.IsGreaterThan(Math.Max(linear.Average(), recipe.Average()) + 15, real.Average(), found);
        Assert.IsGreaterThan(noise.Average() + 15, real.Average(), found);
    }

    [TestMethod]
    public void SkewedSharesOfTheClustersCostNoMoreThanLittle()
    {
        var (linear, chosen) = (new List<double>(), new List<double>());
        foreach (var seed in Enumerable.Range(1, 6))
        {
            var world = new AgreeingViews(seed);
            var (data, test) = (world.Data(pairs: 20, unpaired: 300, skew: 8), world.Pairs(200, 4));
            linear.Add(Recall(data, test, new() { Method = ClosedFormMethod.Linear }));
            chosen.Add(Recall(data, test, new()));
        }
        Assert.IsGreaterThan(linear.Average() - 2, chosen.Average(), $"R@1 over seeds: chosen {string.Join(" ", chosen)}, linear {string.Join(" ", linear)}");
    }

    [TestMethod]
    public void TooFewUnpairedRowsLeaveTransportOut()
    {
        foreach (var (a, b) in new[] { (99, 130), (130, 99), (0, 130), (130, 0), (0, 0) })
        {
            var (alignment, report) = Fit(Data(12, a, b), new());
            alignment.Dispose();
            Assert.IsFalse(report.UsesTransport);
            CollectionAssert.AreEqual(
                new[] { ClosedFormMethod.Blend, ClosedFormMethod.Linear, ClosedFormMethod.LinearAndKernel },
                report.Choice!.Candidates.Select(candidate => candidate.Method).ToArray());
            Assert.AreEqual(((long)a, (long)b), (report.RowsA, report.RowsB));
            var refused = Assert.ThrowsExactly<NothingToAlignException>(() => Fit(Data(12, 0, b), Transported));
            StringAssert.Contains(refused.Message, "0 of side A", StringComparison.Ordinal);
        }
        var (enough, reportOfEnough) = Fit(Data(12, 100, 100), new());
        enough.Dispose();
        Assert.HasCount(4, reportOfEnough.Choice!.Candidates);
    }

    [TestMethod]
    public void TwoPairsChooseNothing()
    {
        var (alignment, report) = Fit(Data(2, 220, 220), new());
        alignment.Dispose();
        Assert.AreEqual((ClosedFormMethod.Blend, true, null), (report.Method, report.UsesTransport, report.Choice));
        var (three, reportOfThree) = Fit(Data(3, 220, 220), new());
        three.Dispose();
        Assert.AreEqual(3, reportOfThree.Choice!.Pairs);
    }

    [TestMethod]
    public void ManyRowsAreSampledAndTheSampleIsTheSeeds()
    {
        var data = Data(30, 260, 240);
        var (a, b) = Views(9, 6, 5, seed: 7);
        var settings = new AlignmentSettings { Transport = new() { MaximumRows = 220, FoldRows = 210, PairAnchors = 10, RandomAnchors = 20 } };
        var (one, report) = Fit(data, settings);
        var (same, _) = Fit(data, settings);
        var (other, _) = Fit(data, settings, seed: 2);
        using (one)
        using (same)
        using (other)
        {
            Assert.AreEqual((220L, 220L, 210L, 210L), (report.RowsA, report.RowsB, report.Choice!.RowsA, report.Choice.RowsB));
            AssertClose(Cosines(one, a, b), Cosines(same, a, b), 0);
            Assert.IsGreaterThan(1e-6, (Cosines(one, a, b) - Cosines(other, a, b)).abs().max().item<double>(), "another seed draws other rows");
        }
    }

    [TestMethod]
    public void ReportsPhasesAndStopsWhenCancelledInARound()
    {
        var data = Data(20, 210, 205);
        var seen = new List<AlignmentProgress>();
        using var random = new Microsoft.ML.GentleClip.Runtime.RandomSource(1);
        var (alignment, report) = new AlignmentFitter(new(), random, seen.Add).Fit(data);
        alignment.Dispose();
        long[] Done(TrainingPhase phase) => [.. seen.Where(step => step.Phase == phase).Select(step => step.Done).Distinct()];
        CollectionAssert.AreEqual(new long[] { 0, 1, 2, 3, 4, 5 }, Done(TrainingPhase.ChoosingByFolds));
        CollectionAssert.AreEqual(report.UsesTransport ? new long[] { 0, 1, 2, 3, 4, 5, 6, 7, 8 } : [0], Done(TrainingPhase.FittingClosedForm));
        Assert.IsTrue(seen.TrueForAll(step => step.Total is null || step.Done <= step.Total));
        Assert.IsGreaterThanOrEqualTo(20, seen.Count(step => step.Phase == TrainingPhase.ChoosingByFolds), "each round of each fold asks whether to stop");

        using var source = new CancellationTokenSource();
        using var again = new Microsoft.ML.GentleClip.Runtime.RandomSource(1);
        var live = Tensor.TotalCount;
        Assert.ThrowsExactly<OperationCanceledException>(() => new AlignmentFitter(new(), again, step =>
        {
            if (step is { Phase: TrainingPhase.ChoosingByFolds, Done: 2 })
                source.Cancel();
            Assert.IsFalse(step is { Phase: TrainingPhase.ChoosingByFolds, Done: > 2 });
        }, source.Token).Fit(data));
        Assert.AreEqual(live, Tensor.TotalCount, "live tensors after the fit was cancelled");
    }

    private static double Recall(AlignmentData data, (Tensor A, Tensor B) test, AlignmentSettings settings)
    {
        var (alignment, _) = Fit(data, settings);
        using (alignment)
            return RecallAt1(Cosines(alignment, test.A, test.B));
    }
}
