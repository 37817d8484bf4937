using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// Canonical correlation of weighted pairs with a ridge on both covariances; each direction is scaled by a power of its correlation.
/// The inner product of two mapped rows is sum_i (s_i / s_1)^power u_i v_i.
/// </summary>
/// <param name="MapA">`[dimA, directions]`.</param>
/// <param name="BiasA">`[directions]`: the mapped weighted mean, which is subtracted.</param>
/// <param name="MapB">`[dimB, directions]`.</param>
/// <param name="BiasB">`[directions]`.</param>
internal sealed record RidgeCca(Tensor MapA, Tensor BiasA, Tensor MapB, Tensor BiasB)
{
    private const double SmallestVariance = 1e-12;    // of the pairs, where all rows have a variance of order 1
    private const double SmallestCorrelation = 1e-6;  // of the largest: its square does not show in float32

    /// <summary>Fits the maps. They have no directions where a side does not vary over the pairs, or the sides do not vary together.</summary>
    /// <param name="a">Rows of A `[n, dimA]`, float64.</param>
    /// <param name="b">Their partners `[n, dimB]`.</param>
    /// <param name="weights">`[n]`, of sum 1.</param>
    /// <param name="settings">Ridge and power.</param>
    /// <param name="rankA">Divisor of the trace in the mean eigenvalue; 0 for the number of columns.</param>
    /// <param name="rankB">The same of B.</param>
    public static RidgeCca Fit(Tensor a, Tensor b, Tensor weights, AlignmentSettings settings, double rankA = 0, double rankB = 0)
    {
        using var scope = NewDisposeScope();
        var (meanA, meanB) = (weights.matmul(a), weights.matmul(b));
        var (centredA, centredB) = (a - meanA, b - meanB);
        var (weightedA, weightedB) = (centredA * weights.unsqueeze(1), centredB * weights.unsqueeze(1));
        var (covarianceA, covarianceB) = (centredA.t().matmul(weightedA), centredB.t().matmul(weightedB));
        var (mapA, mapB) = (a.new_zeros([a.size(1), 0]), b.new_zeros([b.size(1), 0]));
        if (Varies(covarianceA) && Varies(covarianceB))
        {
            // C^(-1/2) is only fixed up to a rotation, which the singular vectors undo: a Cholesky factor L does as well, M = La^-1 Cab Lb^-T.
            var (rootA, rootB) = (RidgeRoot(covarianceA, settings.Ridge, rankA), RidgeRoot(covarianceB, settings.Ridge, rankB));
            var half = linalg.solve_triangular(rootA, centredA.t().matmul(weightedB), upper: false);
            var whitened = linalg.solve_triangular(rootB, half.t(), upper: false).t();
            var (u, s, vh) = linalg.svd(whitened, fullMatrices: false);
            var largest = s[0].item<double>();
            var kept = largest > SmallestVariance ? s.gt(Scalars.Of(largest * SmallestCorrelation)).sum(ScalarType.Int64).item<long>() : 0;
            var scale = s.narrow(0, 0, kept).Over(largest).pow(Scalars.Of(settings.Power / 2));
            mapA = linalg.solve_triangular(rootA.t(), u.narrow(1, 0, kept) * scale, upper: true);
            mapB = linalg.solve_triangular(rootB.t(), vh.narrow(0, 0, kept).t() * scale, upper: true);
        }
        return new RidgeCca(
            mapA.MoveToOuterDisposeScope(), meanA.matmul(mapA).MoveToOuterDisposeScope(),
            mapB.MoveToOuterDisposeScope(), meanB.matmul(mapB).MoveToOuterDisposeScope());
    }

    private static bool Varies(Tensor covariance) => covariance.size(0) > 0 && covariance.trace().item<double>() > SmallestVariance;

    private static Tensor RidgeRoot(Tensor covariance, double ridge, double rank)
    {
        var dimension = covariance.size(0);
        return linalg.cholesky(
            covariance.Plus(
                covariance.trace().Times(ridge).Over(rank > 0 ? rank : dimension) * eye(dimension, dtype: ScalarType.Float64, device: covariance.device)));
    }
}
