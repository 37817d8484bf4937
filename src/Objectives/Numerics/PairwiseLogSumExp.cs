using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>What compares two rows.</summary>
internal enum Affinity
{
    /// <summary>Inner product; the cosine for unit rows.</summary>
    Dot,

    /// <summary>Minus the squared Euclidean distance.</summary>
    NegativeSquaredDistance,
}

/// <summary>
/// Log-sum-exp over the rows and columns of a scaled affinity matrix: the one pairwise quantity that the contrastive,
/// self-supervised and density objectives need. Scales are positive scalar tensors; gradients flow to rows and scales.
/// Above a block size in row blocks (<see cref="BlockLogSumExp"/>), with the same values and gradients.
/// </summary>
internal static class PairwiseLogSumExp
{
    /// <summary>
    /// `[n]`: logsumexp_j(scale * a(x_i, y_j)). The first <paramref name="excluded"/> pairs (i, i) are left out. A <paramref name="sharpness"/>
    /// weighs the exponents of a row by a softmax over them: see <see cref="Tempering"/>.
    /// </summary>
    public static Tensor Rows(Tensor x, Tensor y, Tensor scale, Affinity affinity, int blockSize, long excluded = 0, double? sharpness = null)
    {
        if (Math.Max(x.size(0), y.size(0)) > blockSize)
            return BlockLogSumExp.Apply(x, y, scale, null, new(affinity, excluded, blockSize, Symmetric: false, sharpness));
        using var scope = NewDisposeScope();
        var mask = Mask(x, y, excluded);
        var exponents = Exclude(Affinities(x, y, affinity) * scale, mask);
        if (sharpness is { } given)
        {
            var shares = exponents.Times(given).softmax(1);
            var weights = mask is null ? shares.Times(y.size(0)) : shares * (-mask.sum(dim: 1, keepdim: true)).Plus(y.size(0));
            exponents = Exclude(exponents * weights, mask);
        }

        return exponents.logsumexp(1).MoveToOuterDisposeScope();
    }

    /// <summary>`[n]`: as <see cref="Rows"/> for a set against itself, with or without each row's own term.</summary>
    public static Tensor Self(Tensor x, Tensor scale, Affinity affinity, bool excludeSelf, int blockSize, double? sharpness = null)
    {
        var excluded = excludeSelf ? x.size(0) : 0;
        return sharpness is null && x.size(0) > blockSize
            ? BlockLogSumExp.Apply(x, null, scale, null, new(affinity, excluded, blockSize, Symmetric: true, null))
            : Rows(x, x, scale, affinity, blockSize, excluded, sharpness);
    }

    /// <summary>`[n]`: logsumexp_j(rowScale * a(x_i, y_j)), and `[m]`: logsumexp_i(columnScale * a(x_i, y_j)).</summary>
    public static (Tensor Rows, Tensor Columns) RowsAndColumns(
        Tensor x, Tensor y, Tensor rowScale, Tensor columnScale, Affinity affinity, int blockSize, long excluded = 0, double? sharpness = null)
    {
        if (sharpness is not null) // the softmax runs along one side
            return (Rows(x, y, rowScale, affinity, blockSize, excluded, sharpness), Rows(y, x, columnScale, affinity, blockSize, excluded, sharpness));

        var (n, m) = (x.size(0), y.size(0));
        using var scope = NewDisposeScope();
        if (Math.Max(n, m) > blockSize)
        {
            var sums = BlockLogSumExp.Apply(x, y, rowScale, columnScale, new(affinity, excluded, blockSize, Symmetric: false, null));
            return (sums.narrow(0, 0, n).MoveToOuterDisposeScope(), sums.narrow(0, n, m).MoveToOuterDisposeScope());
        }

        var (affinities, mask) = (Affinities(x, y, affinity), Mask(x, y, excluded));
        return (
            Exclude(affinities * rowScale, mask).logsumexp(1).MoveToOuterDisposeScope(),
            Exclude(affinities * columnScale, mask).logsumexp(0).MoveToOuterDisposeScope());
    }

    private static Tensor Affinities(Tensor x, Tensor y, Affinity affinity) => affinity == Affinity.Dot ? x.matmul(y.t()) : -Pairwise.SquaredDistances(x, y);

    private static Tensor? Mask(Tensor x, Tensor y, long excluded) => excluded == 0 ? null : Pairwise.DiagonalMask(x.size(0), y.size(0), excluded, x.device);

    private static Tensor Exclude(Tensor exponents, Tensor? mask) => mask is null ? exponents : exponents.masked_fill(mask, Scalars.Of(Pairwise.Excluded));
}
