using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Alignment;

[TestClass]
public sealed class SelfTrainingTests : AlignmentTest
{
    private static readonly AlignmentSettings Trained = SelfTrained with { SelfTraining = new() { Use = ClosedFormPart.On } };

    [TestMethod]
    [DataRow(1)]
    [DataRow(7)]
    [DataRow(1000)]
    public void PseudoPairsEqualPlainLoop(int blockSize)
    {
        var (a, b) = (nn.functional.normalize(Normal(23, 4, 1)), nn.functional.normalize(Normal(31, 4, 2)));
        foreach (var (neighbours, most) in new[] { (5, 6), (1, 100), (50, 100) })
        {
            var expected = PlainAlignment.Matches([.. ToRows(a.matmul(b.t()))], neighbours, most);
            var found = PseudoPairs.Find(a, b, neighbours, most, blockSize);
            Assert.HasCount(most == 6 ? 6 : expected.Count, found.A);
            CollectionAssert.AreEqual(expected.Select(match => (long)match.A).ToArray(), found.A);
            CollectionAssert.AreEqual(expected.Select(match => (long)match.B).ToArray(), found.B);
            AssertClose(tensor(expected.Select(match => match.Cosine).ToArray()), tensor(found.Cosines), 1e-12);
        }
    }

    [TestMethod]
    public void OneRoundEqualsPlainLoop()
    {
        var data = Data(pairs: 8, unpairedA: 24, unpairedB: 21);
        var (a, b) = Views(9, 6, 5, seed: 7);
        var (pairsA, pairsB, poolA, poolB) = (ToRows(data.PairsA), ToRows(data.PairsB), ToRows(data.UnpairedA!), ToRows(data.UnpairedB!));
        var plain = new PlainAlignment(pairsA, pairsB, [.. pairsA, .. poolA], [.. pairsB, .. poolB]);
        var before = plain.Cosines(ToRows(a), ToRows(b));
        var matches = plain.SelfTrain(pairsA, pairsB, poolA, poolB, neighbours: 4, most: 6);
        Assert.HasCount(6, matches);

        var (alignment, report) = Fit(data, SelfTrained with { SelfTraining = new() { Use = ClosedFormPart.On, Rounds = 1, Neighbours = 4, PseudoPairs = 6 } });
        using (alignment)
        {
            CollectionAssert.AreEqual(new[] { 6 }, report.PseudoPairs.ToArray());
            Assert.IsTrue(report.UsesSelfTraining);
            var expected = tensor(plain.Cosines(ToRows(a), ToRows(b)).SelectMany(row => row).ToArray(), [9, 9]);
            AssertClose(expected, Cosines(alignment, a, b), 1e-6); // partners are weighted by float32 cosines
            Assert.IsGreaterThan(1e-2, (expected - tensor(before.SelectMany(row => row).ToArray(), [9, 9])).abs().max().item<double>(),
                "the round changed something");
        }
    }

    [TestMethod]
    public void BlockSizeDoesNotMatter()
    {
        var data = Data(20, 150, 130, 12, 10);
        var (a, b) = Views(30, 12, 10, seed: 7);
        var all = Trained with { Spectral = new() { Use = ClosedFormPart.On }, Smoothing = new() { Use = true }, EmbeddingDimension = 40 };
        var (whole, _) = Fit(data, all);
        using (whole)
            foreach (var blockSize in new[] { 1, 13, 130 })
            {
                var (blocks, _) = Fit(data, all with { BlockSize = blockSize });
                using (blocks)
                    AssertClose(Cosines(whole, a, b), Cosines(blocks, a, b), 1e-6, $"blocks of {blockSize}");
            }
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void UnpairedRowsHelpWhereGeometriesAgreeAndNoiseOfEqualCovarianceDoesNot(int seed)
    {
        var world = new AgreeingViews(seed);
        var (data, test) = (world.Data(pairs: 8, unpaired: 500), world.Pairs(200, 4));
        var prepared = (A: RowPreparation.Fit(data.AllRows(Side.A), 64, 512)!, B: RowPreparation.Fit(data.AllRows(Side.B), 64, 512)!);
        var pairs = WeightedPairs.Equal(prepared.A.Apply(data.PairsA, 512), prepared.B.Apply(data.PairsB, 512), prepared.A.Bandwidth, prepared.B.Bandwidth);
        var (poolA, poolB) = (prepared.A.Apply(data.UnpairedA!, 512), prepared.B.Apply(data.UnpairedB!, 512));
        var recipe = Recipe.Fit(pairs, null, Trained)!;
        double Recall(Recipe maps) => RecallAt1(maps.A.Apply(prepared.A.Apply(test.A, 512)).matmul(maps.B.Apply(prepared.B.Apply(test.B, 512)).t()));
        double RecallTrained(Tensor a, Tensor b) => Recall(new SelfTraining(Trained, a, b, new ManagedGenerator(1)).Run(pairs, recipe, 6));

        var (alone, trained, control) = (Recall(recipe), RecallTrained(poolA, poolB),
            RecallTrained(AgreeingViews.LikeGaussian(poolA, 31), AgreeingViews.LikeGaussian(poolB, 32)));
        var found = $"R@1: R {alone:f1}, S {trained:f1}, S on Gaussian rows {control:f1}";
        Assert.IsGreaterThan(alone + 15, trained, found);
        Assert.IsGreaterThan(control + 15, trained, found);
    }

    [TestMethod]
    public void GateUsesUnpairedRowsWhereGeometriesAgree()
    {
        foreach (var seed in new[] { 1, 2, 3 })
        {
            var (alignment, report) = Fit(new AgreeingViews(seed).Data(pairs: 20, unpaired: 300), SelfTrained);
            alignment.Dispose();
            Assert.IsTrue(report.UsesSelfTraining, $"seed {seed}: {report.Gate}");
            Assert.IsLessThan(report.Gate!.Recipe, report.Gate.SelfTraining!.Value);
            Assert.HasCount(6, report.PseudoPairs);
        }
    }

    [TestMethod]
    public void GateLeavesUnrelatedNoiseAlone()
    {
        foreach (var seed in new[] { 1, 2, 3 })
        {
            var world = new AgreeingViews(seed);
            var (a, b) = world.Pairs(20, 1);
            var data = new AlignmentData(a, b, 2 * Normal(300, (int)a.size(1), seed + 50), 2 * Normal(300, (int)b.size(1), seed + 60));
            var (alignment, report) = Fit(data, SelfTrained);
            var (without, _) = Fit(data, Plain);
            using (alignment)
            using (without)
            {
                Assert.IsFalse(report.UsesSelfTraining, $"seed {seed}: {report.Gate}");
                Assert.IsGreaterThan(report.Gate!.Recipe, report.Gate.SelfTraining!.Value);
                Assert.IsEmpty(report.PseudoPairs);
                var (x, y) = world.Pairs(10, 9);
                AssertClose(Cosines(without, x, y), Cosines(alignment, x, y), 0, "without self-training it is R, to the bit");
            }
        }
    }

    [TestMethod]
    public void GateAsksThePairsWhereUnpairedRowsAreOfAnotherKind()
    {
        var (kept, trained) = (new List<double>(), new List<double>());
        foreach (var seed in Enumerable.Range(1, 30))
        {
            var (world, foreign) = (new AgreeingViews(seed), new AgreeingViews(seed + 100).Data(pairs: 2, unpaired: 300));
            var (a, b) = world.Pairs(20, 1);
            var data = new AlignmentData(a, b, foreign.UnpairedA, foreign.UnpairedB);
            var (gated, report) = Fit(data, SelfTrained);
            var (always, _) = Fit(data, Trained);
            using (gated)
            using (always)
            {
                // Among the foreign rows self-training looks well; among the pairs' own it does not.
                if (report.UsesSelfTraining || report.Gate!.SelfTraining >= report.Gate.Recipe)
                    continue;
                Assert.IsGreaterThan(report.Gate.PairsRecipe, report.Gate.PairsSelfTraining!.Value);
                var (x, y) = world.Pairs(200, 9);
                kept.Add(RecallAt1(Cosines(gated, x, y)));
                trained.Add(RecallAt1(Cosines(always, x, y)));
            }
        }
        Assert.IsGreaterThanOrEqualTo(2, kept.Count, "cases in which the unpaired rows alone would have decided otherwise");
        Assert.IsGreaterThan(trained.Average(), kept.Average(), $"R@1 of {kept.Count} cases");
    }

    [TestMethod]
    [DataRow(0, 30)]
    [DataRow(30, 0)]
    [DataRow(0, 0)]
    public void ASideWithoutUnpairedRowsLeavesR(int unpairedA, int unpairedB)
    {
        foreach (var use in new[] { ClosedFormPart.Gated, ClosedFormPart.On })
        {
            var (alignment, report) = Fit(Data(10, unpairedA, unpairedB),
                SelfTrained with { SelfTraining = new() { Use = use }, Spectral = new() { Use = ClosedFormPart.Gated } });
            alignment.Dispose();
            Assert.IsFalse(report.UsesSelfTraining || report.UsesSpectral);
            Assert.IsNull(report.Gate);
        }
    }

    [TestMethod]
    public void TwoPairsCannotBeCrossValidated()
    {
        var (alignment, report) = Fit(Data(2, 40, 40), SelfTrained);
        using (alignment)
        {
            Assert.IsFalse(report.UsesSelfTraining);
            Assert.IsNull(report.Gate);
            AssertUnit(alignment.Embed(Views(5, 6, 5, 3).A, Side.A));
        }
        var (three, reportOfThree) = Fit(Data(3, 40, 40), SelfTrained);
        three.Dispose();
        Assert.IsNotNull(reportOfThree.Gate);
    }

    [TestMethod]
    public void AtMostSoManyRowsTakePart()
    {
        var data = Data(10, 80, 70);
        var settings = SelfTrained with { SelfTraining = new() { Use = ClosedFormPart.On, MaximumRows = 50, Rounds = 2 } };
        var (one, report) = Fit(data, settings);
        var (same, _) = Fit(data, settings);
        var (other, _) = Fit(data, settings, seed: 2);
        using (one)
        using (same)
        using (other)
        {
            Assert.AreEqual((50L, 50L), (report.RowsA, report.RowsB));
            Assert.IsTrue(report.PseudoPairs.All(count => count is > 0 and <= 50));
            var (a, b) = Views(9, 6, 5, seed: 7);
            AssertClose(Cosines(one, a, b), Cosines(same, a, b), 0);
            Assert.IsGreaterThan(1e-6, (Cosines(one, a, b) - Cosines(other, a, b)).abs().max().item<double>(), "another seed draws other rows");
        }
    }

    [TestMethod]
    public void ReportsEveryRoundAndStopsWhenCancelled()
    {
        var data = new AgreeingViews(1).Data(pairs: 20, unpaired: 100);
        var seen = new List<AlignmentProgress>();
        using var random = new RandomSource(1);
        var (alignment, report) = new AlignmentFitter(SelfTrained, random, seen.Add).Fit(data);
        alignment.Dispose();
        Assert.AreEqual(report.UsesSelfTraining ? 15 : 9, seen.Count(step => step.PseudoPairs > 0), "3 folds of 3 rounds, and 6");
        var folds = seen.Where(step => step.Phase == TrainingPhase.ChoosingByFolds).Select(step => step.Done);
        CollectionAssert.AreEqual(new[] { 0L, 1, 2, 3 }, folds.Distinct().ToArray());
        var rows = seen.Where(step => step.Phase == TrainingPhase.PreparingRows).ToArray();
        long[] seenRows = [.. rows.Select(step => step.Done)];
        CollectionAssert.AreEqual(seenRows.Order().ToArray(), seenRows);
        Assert.AreEqual((0, 240), (seenRows[0], seenRows[^1]));
        Assert.IsGreaterThan(6, seenRows.Distinct().Count(), "each block of each pass");
        Assert.IsTrue(seen.TrueForAll(step => step.Total is null || step.Done <= step.Total));

        using var source = new CancellationTokenSource();
        using var again = new RandomSource(1);
        var rounds = 0;
        var live = LiveTensors.Settled();
        Assert.ThrowsExactly<OperationCanceledException>(() => new AlignmentFitter(SelfTrained, again, _ =>
        {
            if (++rounds == 4)
                source.Cancel();
        }, source.Token).Fit(data));
        Assert.AreEqual(4, rounds);
        LiveTensors.AssertAtMost(live, "live tensors after the fit was cancelled");
    }
}
