using Microsoft.ML.GentleClip.Alignment;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Alignment;

/// <summary>Leading directions of rows that are too many and too wide for the exact decomposition, against it.</summary>
[TestClass]
public sealed class PrincipalDirectionsTests : AlignmentTest
{
    private const int Kept = 12;

    [TestMethod]
    [DataRow(700, 260, DisplayName = "more rows")]
    [DataRow(260, 700, DisplayName = "more dimensions")]
    public void FindsWhatTheExactDecompositionFinds(int rows, int dimension)
    {
        // Nine directions stand out of the noise, far from zero.
        var signal = Normal(rows, 9, 1) * (arange(9, dtype: float64) + 3);
        var x = signal.matmul(linalg.qr(Normal(dimension, 9, 2)).Q.t()) + 0.05 * Normal(rows, dimension, 3) + 1000;
        var (exact, found) = Both(x);
        AssertClose(ones(Kept, dtype: float64), found.Values / exact.Values, 1e-4);
        AssertClose(ones(9, dtype: float64), (found.Values / exact.Values).narrow(0, 0, 9), 1e-10);
        Assert.AreEqual(exact.Variance, found.Variance, 1e-9 * exact.Variance);
        AssertClose(eye(Kept, dtype: float64), found.Vectors.t().matmul(found.Vectors), 1e-9);
        // Cosines of the angles between both spaces of the nine.
        AssertClose(ones(9, dtype: float64), linalg.svdvals(exact.Vectors.narrow(1, 0, 9).t().matmul(found.Vectors.narrow(1, 0, 9))), 1e-10);
    }

    [TestMethod]
    public void KeepsAsMuchVarianceWhereNothingStandsOut()
    {
        var (exact, found) = Both(Normal(600, 400, 5));
        Assert.IsGreaterThan(0.9999, (found.Values.sum() / exact.Values.sum()).item<double>());
        Assert.IsTrue((found.Values <= exact.Values * (1 + 1e-12)).all().item<bool>(), "an eigenvalue is larger than the true one");
    }

    [TestMethod]
    public void FindsNoMoreDirectionsThanThereAre()
    {
        var (exact, found) = Both(Normal(500, 5, 5).matmul(Normal(5, 300, 6)));
        Assert.AreEqual(5, exact.Values.size(0));
        Assert.AreEqual(5, found.Values.size(0));
        AssertClose(ones(5, dtype: float64), found.Values / exact.Values, 1e-10);
    }

    [TestMethod]
    public void EqualRowsGiveEqualBits()
    {
        var x = Normal(500, 300, 5);
        var (one, other) = (Both(x).Found, Both(x).Found);
        Assert.IsTrue(one.Vectors.equal(other.Vectors).all().item<bool>() && one.Values.equal(other.Values).all().item<bool>());
    }

    private static (PrincipalDirections Exact, PrincipalDirections Found) Both(Tensor x)
    {
        var parts = new[] { new TensorRows(x.narrow(0, 0, 57)), new TensorRows(x.narrow(0, 57, x.size(0) - 57)) };
        var rows = new CentredRows(parts, x.mean([0]), new Pace(50));
        return (PrincipalDirections.Of(rows, Kept)!, PrincipalDirections.Of(rows, Kept, largestExact: 0)!);
    }
}
