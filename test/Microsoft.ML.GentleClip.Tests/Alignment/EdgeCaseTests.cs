using Microsoft.ML.GentleClip.Alignment;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Alignment;

/// <summary>Data that are small, degenerate or wrong: unit rows, always, or an error that says what is wrong.</summary>
[TestClass]
public sealed class EdgeCaseTests : AlignmentTest
{
    private static readonly AlignmentSettings Everything = new()
    {
        Method = ClosedFormMethod.SelfTraining,
        SelfTraining = new() { Use = ClosedFormPart.On },
        Spectral = new() { Use = ClosedFormPart.On },
        Smoothing = new() { Use = true },
    };

    [TestMethod]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    [DataRow(7)]
    public void FewPairs(int pairs)
    {
        foreach (var unpaired in new[] { 0, 1, 5, 40 })
            Check(Data(pairs, unpaired, unpaired));
    }

    [TestMethod]
    public void MoreDimensionsThanRows()
    {
        Check(Data(5, 7, 6, 60, 90));
        Check(Data(2, 0, 0, 60, 1));
        // The two ways to the principal components agree where both can be gone: at as many rows as dimensions plus zero columns.
        var (a, b) = Views(20, 12, 9, 3);
        var (wide, narrow) = (Fit(new AlignmentData(cat([a, zeros(20, 30, dtype: float64)], 1), b), Plain).Alignment,
            Fit(new AlignmentData(a, b), Plain).Alignment);
        using (wide)
        using (narrow)
        {
            var (x, y) = Views(6, 12, 9, 4);
            AssertClose(Cosines(narrow, x, y), Cosines(wide, cat([x, zeros(6, 30, dtype: float64)], 1), y), 1e-8);
        }
    }

    [TestMethod]
    public void OneDimension() => Check(Data(10, 30, 30, 1, 1));

    [TestMethod]
    public void ConstantColumns()
    {
        var (a, b) = Views(12, 6, 5, 1);
        a.select(1, 2).fill_(1e6);
        b.select(1, 0).fill_(-3);
        Check(new AlignmentData(a, b, a + 0.5 * Normal(12, 6, 3) * tensor(new[] { 1d, 1, 0, 1, 1, 1 }), b.flip(0)));
    }

    [TestMethod]
    public void Duplicates()
    {
        var (a, b) = Views(6, 6, 5, 1);
        var repeated = tensor(new long[] { 0, 0, 0, 1, 1, 2, 3, 4, 5, 5 });
        var (moreA, moreB) = (Views(3, 6, 5, 2).A.repeat(20, 1), Views(3, 6, 5, 3).B.repeat(20, 1));
        Check(new AlignmentData(a.index_select(0, repeated), b.index_select(0, repeated), moreA, moreB));
        Check(new AlignmentData(a, b, a.narrow(0, 0, 1).expand(60, 6), moreB)); // more than half of the rows are one row
        Check(new AlignmentData(a, b, a, b));
    }

    [TestMethod]
    public void RankDeficientPairs()
    {
        // All pairs on a line on one side; the unpaired rows fill the space.
        var (a, b) = Views(15, 6, 5, 1);
        var line = a.narrow(1, 0, 1).matmul(Normal(1, 6, 4));
        Check(new AlignmentData(line, b, a, b));
        Check(new AlignmentData(line, b.narrow(1, 1, 1).matmul(Normal(1, 5, 4)), a, b));
    }

    [TestMethod]
    public void OutliersAndSizes()
    {
        var (a, b) = Views(15, 6, 5, 1);
        var outlier = a.clone();
        outlier[0] *= 1e4;
        Check(new AlignmentData(outlier, b, a, b));
        Check(new AlignmentData(a * 1e30, b * 1e-30, a * 1e30, b * 1e-30));
        Check(new AlignmentData((a * 1e-20).to(float32), (b * 1e20).to(float32)));
        var (alignment, _) = Fit(new AlignmentData(a, b), Plain);
        using (alignment)
            AssertUnit(alignment.Embed(cat([1e15 * a, 1e-15 * a, zeros_like(a)], 0), Side.A));
    }

    [TestMethod]
    public void ARowWithoutDirectionBecomesTheFirstAxis()
    {
        // Half-way between the only two pairs neither part says anything.
        var (a, b) = (tensor(new[] { 1d, 0, -1, 0 }, [2, 2]), tensor(new[] { 2d, -2 }, [2, 1]));
        var (alignment, _) = Fit(new AlignmentData(a, b), Plain);
        using (alignment)
        {
            var embedding = alignment.Embed(tensor(new[] { 0d, 0, 0.5, 0 }, [2, 2]), Side.A);
            AssertUnit(embedding);
            Assert.AreEqual(1, embedding[0, 0].item<double>());
            AssertClose(ones(2, dtype: float64), Cosines(alignment, a, b).diag(), 1e-12);
        }
    }

    [TestMethod]
    public void SaysWhatIsWrong()
    {
        var (a, b) = Views(10, 6, 5, 1);
        void Refuses<T>(Action action, params string[] parts) where T : Exception
        {
            var error = Assert.ThrowsExactly<T>(action);
            foreach (var part in parts)
                StringAssert.Contains(error.Message, part, StringComparison.Ordinal);
        }
        AlignmentData New(Tensor x, Tensor y, Tensor? u = null, Tensor? v = null) => new(x, y, u, v);
        Tensor Bad(Tensor rows, double value)
        {
            var bad = rows.clone();
            bad[4, 2] = value;
            return bad;
        }

        Refuses<ArgumentException>(() => New(a, b.narrow(0, 0, 9)), "10", "9");
        Refuses<ArgumentException>(() => New(a.narrow(0, 0, 1), b.narrow(0, 0, 1)), "at least 2 pairs", "1");
        Refuses<ArgumentException>(() => New(a, b, b), "Side A", "unpaired", "6", "5");
        Refuses<ArgumentException>(() => New(a, b.to(int64)), "Side B", "pairs", "Int64");
        Refuses<ArgumentException>(() => New(a.flatten(), b), "Side A", "[60]");
        Refuses<ArgumentException>(() => New(Bad(a, double.NaN), b), "Side A", "pairs", "row 4");
        Refuses<ArgumentException>(() => New(a, b, null, Bad(b, double.PositiveInfinity)), "Side B", "unpaired", "row 4");
        Refuses<NothingToAlignException>(() => Fit(New(ones_like(a), b), Plain), "side A", "equal");
        Refuses<NothingToAlignException>(() => Fit(New(a, ones_like(b), null, b), Plain), "10 pairs", "equal");
        Refuses<NothingToAlignException>(() => Fit(New(a * 1e200, b), Plain), "side A", "too large");

        var (alignment, _) = Fit(New(a, b), Plain);
        using (alignment)
        {
            Refuses<ArgumentException>(() => alignment.Embed(b, Side.A), "Side A", "6", "5");
            Refuses<ArgumentException>(() => alignment.Embed(Bad(b, double.NaN), Side.B), "Side B", "row 4");
        }
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new AlignmentSettings { PrincipalComponents = 0 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new AlignmentSettings { Ridge = 0 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new SelfTrainingSettings { PseudoPairWeight = 1 });
    }

    private static void Check(AlignmentData data)
    {
        foreach (var settings in new[] { Plain, new AlignmentSettings(), Everything with { Method = ClosedFormMethod.Blend }, Everything,
            Everything with { EmbeddingDimension = 4 }, Everything with { MaximumAnchors = 3 } })
        {
            var (alignment, report) = Fit(data, settings);
            using (alignment)
            {
                Assert.IsTrue(double.IsFinite(report.KeptEnergy) && double.IsFinite(report.Gate?.Recipe ?? 0)
                    && double.IsFinite(report.Gate?.SelfTraining ?? 0));
                foreach (var side in new[] { Side.A, Side.B })
                    foreach (var rows in data.AllRows(side))
                        AssertUnit(alignment.Embed(rows.Block(0, rows.Count), side));
            }
        }
    }
}
