using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// Row and column sums of the Gaussian and the polynomial kernel between two sets.
/// Above a block size in row blocks (<see cref="BlockKernelSums"/>).
/// Gauss: exp(-d² / (2 bandwidth²)). Polynomial: (gamma &lt;x, y&gt; + c)^degree / scale.
/// </summary>
internal static class KernelSums
{
    /// <summary>`[2, n]` (kernel, row): sums over j of k(x_i, x_j), with or without j = i.</summary>
    public static Tensor Self(Tensor x, Tensor squaredBandwidth, PolynomialKernel polynomial, bool excludeSelf, int blockSize)
    {
        if (x.size(0) > blockSize)
            return BlockKernelSums.Apply(x, null, squaredBandwidth, new(polynomial, excludeSelf, blockSize));
        using var scope = NewDisposeScope();
        var kernels = Matrices(x, x, squaredBandwidth, polynomial);
        if (excludeSelf)
            kernels = kernels.masked_fill(Pairwise.DiagonalMask(x.size(0), x.size(0), x.size(0), x.device), Scalars.Zero);
        return kernels.sum(dim: 2).MoveToOuterDisposeScope();
    }

    /// <summary>`[2, n]`: sums over j of k(x_i, y_j), and `[2, m]`: sums over i.</summary>
    public static (Tensor Rows, Tensor Columns) Cross(Tensor x, Tensor y, Tensor squaredBandwidth, PolynomialKernel polynomial, int blockSize)
    {
        var (n, m) = (x.size(0), y.size(0));
        using var scope = NewDisposeScope();
        if (Math.Max(n, m) > blockSize)
        {
            var sums = BlockKernelSums.Apply(x, y, squaredBandwidth, new(polynomial, false, blockSize));
            return (sums.narrow(1, 0, n).MoveToOuterDisposeScope(), sums.narrow(1, n, m).MoveToOuterDisposeScope());
        }

        var kernels = Matrices(x, y, squaredBandwidth, polynomial);
        return (kernels.sum(dim: 2).MoveToOuterDisposeScope(), kernels.sum(dim: 1).MoveToOuterDisposeScope());
    }

    /// <summary>`[2, n, m]`: both kernel matrices.</summary>
    public static Tensor Matrices(Tensor x, Tensor y, Tensor squaredBandwidth, PolynomialKernel polynomial)
    {
        using var scope = NewDisposeScope();
        var dots = x.matmul(y.t());
        var distances = (x.Squared().sum(dim: 1, keepdim: true).Plus(y.Squared().sum(dim: 1)) - dots.Times(2)).clamp_min(Scalars.Zero);
        var gauss = (distances / squaredBandwidth.Times(-2)).exp();
        return stack([gauss, dots.Times(polynomial.Gamma).Plus(polynomial.Offset).pow(Scalars.Of(polynomial.Degree)).Over(polynomial.Scale)])
            .MoveToOuterDisposeScope();
    }
}
