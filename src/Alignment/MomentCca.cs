using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>Canonical correlation with a ridge from given covariances; directions are scaled as in <see cref="RidgeCca"/>.</summary>
/// <param name="A">Map of A `[dimA, directions]`.</param>
/// <param name="B">Map of B `[dimB, directions]`.</param>
internal readonly record struct MomentCca(Tensor A, Tensor B)
{
    private const double SmallestVariance = 1e-12;
    private const double SmallestCorrelation = 1e-4; // of the largest: with the usual power it weighs 1e-8

    /// <summary>The maps; without directions where a side does not vary, or the sides do not vary together.</summary>
    /// <param name="covarianceA">`[dimA, dimA]`, float64.</param>
    /// <param name="covarianceB">`[dimB, dimB]`.</param>
    /// <param name="cross">`[dimA, dimB]`.</param>
    /// <param name="ridge">In units of the mean eigenvalue.</param>
    /// <param name="power">A direction of correlation s weighs (s / largest)^power in inner products.</param>
    public static MomentCca Fit(Tensor covarianceA, Tensor covarianceB, Tensor cross, double ridge, double power)
    {
        using var scope = NewDisposeScope();
        if (!Varies(covarianceA) || !Varies(covarianceB))
            return None(cross);
        // A Cholesky factor does as well as the symmetric root: what is left of the difference is a rotation, which the singular vectors undo.
        var (rootA, rootB) = (RidgeRoot(covarianceA, ridge), RidgeRoot(covarianceB, ridge));
        var half = linalg.solve_triangular(rootA, cross, upper: false);
        var whitened = linalg.solve_triangular(rootB, half.t(), upper: false).t();
        // Singular vectors by the eigenvectors of the smaller square: a few times faster than a decomposition of the matrix, and
        // precise where a direction counts.
        var transposed = whitened.size(0) < whitened.size(1);
        var matrix = transposed ? whitened.t() : whitened;
        var (squares, vectors) = linalg.eigh(matrix.t().matmul(matrix));
        var largest = Math.Sqrt(Math.Max(0, squares[^1].item<double>()));
        if (!(largest > SmallestVariance))
            return None(cross);
        var kept = squares.gt(Scalars.Of(largest * SmallestCorrelation * largest * SmallestCorrelation)).sum(ScalarType.Int64).item<long>();
        var first = squares.size(0) - kept;
        var (right, singular) = (vectors.narrow(1, first, kept).flip(1), squares.narrow(0, first, kept).flip(0).sqrt());
        var scale = singular.Over(largest).pow(Scalars.Of(power / 2));
        var (left, other) = (matrix.matmul(right) * (scale / singular), right * scale);
        var (u, v) = transposed ? (other, left) : (left, other);
        return new MomentCca(
            linalg.solve_triangular(rootA.t(), u, upper: true).MoveToOuterDisposeScope(),
            linalg.solve_triangular(rootB.t(), v, upper: true).MoveToOuterDisposeScope());
    }

    private static MomentCca None(Tensor cross) =>
        new(cross.new_zeros([cross.size(0), 0]).MoveToOuterDisposeScope(), cross.new_zeros([cross.size(1), 0]).MoveToOuterDisposeScope());

    private static bool Varies(Tensor covariance) => covariance.size(0) > 0 && covariance.trace().item<double>() > SmallestVariance;

    private static Tensor RidgeRoot(Tensor covariance, double ridge)
    {
        var dimension = covariance.size(0);
        var identity = eye(dimension, dtype: ScalarType.Float64, device: covariance.device);
        return linalg.cholesky(covariance.Plus(covariance.trace().Times(ridge / dimension) * identity));
    }
}
