using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>Leading eigenvectors of the covariance of rows: exact where rows or dimensions are few, else by block Lanczos steps.</summary>
/// <param name="Variance">Trace of the covariance.</param>
/// <param name="Values">Eigenvalues, largest first `[kept]`.</param>
/// <param name="Vectors">Orthonormal columns `[dim, kept]`.</param>
internal sealed record PrincipalDirections(double Variance, Tensor Values, Tensor Vectors)
{
    /// <summary>Rows or dimensions up to which the decomposition is exact.</summary>
    public const int LargestExact = 2048; // its matrices, which take some 0.2 GB then, grow with the square and its time with the cube

    private const double SmallestEigenvalue = 1e-10; // of the largest; less is rounding, and would count in the mean eigenvalue of the ridge
    private const double SmallestVariance = 1e-290; // eigenvalues above 1e-10 of it are still normal numbers

    /// <summary>Finds them; null where all rows are equal but for rounding, or float64 overflows. The tensors belong to the open dispose scope.</summary>
    /// <param name="rows">All rows.</param>
    /// <param name="most">Most directions.</param>
    /// <param name="largestExact">See <see cref="LargestExact"/>.</param>
    public static PrincipalDirections? Of(CentredRows rows, int most, int largestExact = LargestExact)
    {
        using var scope = NewDisposeScope();
        var smaller = Math.Min(rows.Count, rows.Dimension);
        var isExact = smaller <= Math.Max(largestExact, BlockLanczos.SmallestSize(most));
        var moments = !isExact ? null : rows.Dimension <= rows.Count ? rows.Covariance() : rows.LowerGram();
        var variance = moments?.trace().item<double>() ?? rows.Variance();
        if (variance <= SmallestVariance || !double.IsFinite(variance))
            return null;
        var (values, vectors) = moments is null ? BlockLanczos.Leading(Multiply, smaller, most, rows.Device) : Leading(moments, most);
        var kept = Math.Min(most, values.greater(values[0].item<double>() * SmallestEigenvalue).sum(ScalarType.Int64).item<long>());
        (values, vectors) = (values.narrow(0, 0, kept), vectors.narrow(1, 0, kept));
        if (rows.Dimension > rows.Count)
            vectors = rows.TransposedTimes(vectors) / values.Times(rows.Count).sqrt();
        return new PrincipalDirections(variance, values.MoveToOuterDisposeScope(), vectors.MoveToOuterDisposeScope());

        Tensor Multiply(Tensor block) =>
            (rows.Dimension <= rows.Count ? rows.TransposedTimes(rows.Times(block)) : rows.Times(rows.TransposedTimes(block))).div_(Scalars.Of(rows.Count));
    }

    private static (Tensor Values, Tensor Vectors) Leading(Tensor lower, int most)
    {
        var (values, vectors) = linalg.eigh(lower);
        var count = Math.Min(most, values.size(0));
        return (values.narrow(0, values.size(0) - count, count).flip(0), vectors.narrow(1, values.size(0) - count, count).flip(1));
    }
}
