using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>Small pieces that the pairwise objectives share.</summary>
internal static class Pairwise
{
    /// <summary>Rows above which the pairwise sums run in row blocks.</summary>
    public const int DefaultBlockSize = 1024;

    /// <summary>
    /// A pair with this exponent takes no part in a log-sum-exp. Finite, because an infinite one turns into NaN in rows and columns that hold nothing
    /// else.
    /// </summary>
    public const double Excluded = -1e30;

    /// <summary>Zero that depends on the tensors, so that backward runs and leaves zero gradients.</summary>
    public static Tensor ZeroWithGraph(params ReadOnlySpan<Tensor> tensors)
    {
        using var scope = NewDisposeScope();
        var zero = tensors[0].sum().Times(0);
        for (var i = 1; i < tensors.Length; i++)
            zero = zero.Plus(tensors[i].sum().Times(0));
        return zero.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Squared distances `[n, m]` between the rows of <paramref name="x"/> and <paramref name="y"/>, by the Gram matrix: no `[n, m, dim]`
    /// intermediate.
    /// </summary>
    public static Tensor SquaredDistances(Tensor x, Tensor y)
    {
        using var scope = NewDisposeScope();
        // Distances do not change under a common shift; centred rows lose less to cancellation, which tight clusters need in float32.
        var center = y.detach().mean([0], keepdim: true);
        var (cx, cy) = (x - center, y - center);
        var distances = cx.Squared().sum(dim: 1, keepdim: true).Plus(cy.Squared().sum(dim: 1)) - cx.matmul(cy.t()).Times(2);
        return distances.clamp_min(Scalars.Zero).MoveToOuterDisposeScope(); // rounding can leave a small negative number
    }

    /// <summary>Sum of the elementwise product of two contiguous matrices, without the product in memory.</summary>
    public static Tensor Inner(Tensor x, Tensor y) => x.view(-1).dot(y.view(-1));

    /// <summary>Inner products `[n]` of matching rows.</summary>
    public static Tensor RowDots(Tensor x, Tensor y)
    {
        using var products = x * y;
        return products.sum(dim: 1);
    }

    /// <summary>Boolean `[n, m]`, true on the first <paramref name="count"/> entries of the diagonal.</summary>
    public static Tensor DiagonalMask(long n, long m, long count, Device device)
    {
        var mask = zeros(n, m, dtype: ScalarType.Bool, device: device);
        using var scope = NewDisposeScope();
        mask.diagonal().narrow(0, 0, count).fill_(Scalars.One);
        return mask;
    }
}
