using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>Blocks of rows of an affinity matrix, computed on demand. Lives in the caller's scope and holds no graph.</summary>
internal sealed class AffinityBlocks
{
    private readonly long _excluded;
    private readonly Tensor _left;
    private readonly Tensor _right;

    public AffinityBlocks(Tensor x, Tensor y, Affinity affinity, long excluded)
    {
        (Affinity, _excluded) = (affinity, excluded);
        (_left, _right) = affinity == Affinity.Dot ? (x, y) : DistanceFactors(x, y);
        (RowVectors, ColumnVectors, _right) = (_left.narrow(1, 0, x.size(1)), _right.narrow(1, 0, x.size(1)), _right.t());
    }

    public Affinity Affinity { get; }

    /// <summary>x; for distances twice x after the common shift.</summary>
    public Tensor RowVectors { get; }

    /// <summary>y; for distances after the common shift.</summary>
    public Tensor ColumnVectors { get; }

    public long Columns => _right.size(1);

    /// <summary>Writes the affinities of a block's rows with all columns, the excluded ones too.</summary>
    public Tensor Write(Tensor target, RowBlock block)
    {
        target.addmm_(_left.narrow(0, block.Start, block.Length), _right, 0, 1);
        if (Affinity == Affinity.NegativeSquaredDistance)
            target.clamp_max_(Scalars.Zero);
        return target;
    }

    /// <summary>Writes <see cref="Pairwise.Excluded"/> over the exponents of the excluded pairs of a block, in place.</summary>
    public Tensor Mask(Tensor exponents, RowBlock block)
    {
        var count = ExcludedIn(block);
        if (count > 0)
            exponents.diagonal(block.Start).narrow(0, 0, count).fill_(Scalars.Of(Pairwise.Excluded));
        return exponents;
    }

    /// <summary>`[length, 1]`: how many columns each row of a block is compared with.</summary>
    public Tensor Counts(RowBlock block)
    {
        var counts = full(block.Length, 1, Scalars.Of(Columns), _left.dtype, _left.device);
        counts.narrow(0, 0, ExcludedIn(block)).sub_(Scalars.One);
        return counts;
    }

    private long ExcludedIn(RowBlock block) => Math.Clamp(_excluded - block.Start, 0, block.Length);

    /// <summary>
    /// [2x, -|x|², -1] and [y, 1, |y|²], whose product is minus the squared distance. In place: copies of the rows are what these functions hold most
    /// of.
    /// </summary>
    private static (Tensor Left, Tensor Right) DistanceFactors(Tensor x, Tensor y)
    {
        var (n, m, dim) = (x.size(0), y.size(0), x.size(1));
        var (left, right) = (empty(n, dim + 2, x.dtype, x.device), empty(m, dim + 2, y.dtype, y.device));
        using var scope = NewDisposeScope();
        var center = y.mean([0], keepdim: true); // as in Pairwise.SquaredDistances
        var (rows, columns) = (left.narrow(1, 0, dim), right.narrow(1, 0, dim));
        rows.copy_(x).sub_(center);
        columns.copy_(y).sub_(center);
        left.narrow(1, dim, 1).copy_(-rows.Squared().sum(dim: 1, keepdim: true));
        left.narrow(1, dim + 1, 1).fill_(Scalars.Of(-1));
        right.narrow(1, dim, 1).fill_(Scalars.One);
        right.narrow(1, dim + 1, 1).copy_(columns.Squared().sum(dim: 1, keepdim: true));
        rows.mul_(Scalars.Of(2));
        return (left, right);
    }
}
