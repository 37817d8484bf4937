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
/// </summary>
internal static class PairwiseLogSumExp
{
    /// <summary>`[n]`: logsumexp_j(scale * a(x_i, y_j)). The first <paramref name="excluded"/> pairs (i, i) are left out.</summary>
    public static Tensor Rows(Tensor x, Tensor y, Tensor scale, Affinity affinity, long excluded = 0)
    {
        using var scope = NewDisposeScope();
        return (Affinities(x, y, affinity, excluded) * scale).logsumexp(1).MoveToOuterDisposeScope();
    }

    /// <summary>`[n]`: as <see cref="Rows"/> for a set against itself, with or without each row's own term.</summary>
    public static Tensor Self(Tensor x, Tensor scale, Affinity affinity, bool excludeSelf) =>
        Rows(x, x, scale, affinity, excludeSelf ? x.size(0) : 0);

    /// <summary>`[n]`: logsumexp_j(rowScale * a(x_i, y_j)), and `[m]`: logsumexp_i(columnScale * a(x_i, y_j)).</summary>
    public static (Tensor Rows, Tensor Columns) RowsAndColumns(
        Tensor x, Tensor y, Tensor rowScale, Tensor columnScale, Affinity affinity, long excluded = 0)
    {
        using var scope = NewDisposeScope();
        var affinities = Affinities(x, y, affinity, excluded);
        return ((affinities * rowScale).logsumexp(1).MoveToOuterDisposeScope(), (affinities * columnScale).logsumexp(0).MoveToOuterDisposeScope());
    }

    private static Tensor Affinities(Tensor x, Tensor y, Affinity affinity, long excluded)
    {
        var affinities = affinity == Affinity.Dot ? x.matmul(y.t()) : -Pairwise.SquaredDistances(x, y);
        return excluded == 0
            ? affinities
            : affinities.masked_fill(Pairwise.DiagonalMask(x.size(0), y.size(0), excluded, x.device), Pairwise.Excluded);
    }
}
