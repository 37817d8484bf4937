using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>Blocks of rows of an affinity matrix, computed on demand. Lives in the caller's scope and holds no graph.</summary>
internal sealed class AffinityBlocks
{
    private readonly long _excluded;
    private readonly Tensor _yt;
    private readonly Tensor? _xSquares;
    private readonly Tensor? _ySquares;

    public AffinityBlocks(Tensor x, Tensor y, Affinity affinity, long excluded)
    {
        (Affinity, _excluded) = (affinity, excluded);
        if (affinity == Affinity.NegativeSquaredDistance)
        {
            var center = y.mean([0], keepdim: true); // as in Pairwise.SquaredDistances
            y = ReferenceEquals(x, y) ? x = x - center : y - center;
            if (!ReferenceEquals(x, y))
                x = x - center;
            (_xSquares, _ySquares) = (x.square().sum(dim: 1, keepdim: true), y.square().sum(dim: 1));
        }

        (X, Y, _yt) = (x, y, y.t());
    }

    public Affinity Affinity { get; }

    /// <summary>Rows, centred for distances.</summary>
    public Tensor X { get; }

    /// <summary>Columns, shifted like the rows.</summary>
    public Tensor Y { get; }

    public long Columns => Y.size(0);

    /// <summary>The affinities of <paramref name="length"/> rows with all columns; excluded ones are <see cref="Pairwise.Excluded"/>.</summary>
    public Tensor Rows(long start, long length)
    {
        var rows = X.narrow(0, start, length);
        var block = Affinity == Affinity.Dot
            ? rows.matmul(_yt)
            : addmm(_ySquares!, rows, _yt, -1, 2).sub_(_xSquares!.narrow(0, start, length)).clamp_max_(0);
        return Mask(block, start);
    }

    /// <summary>Writes <see cref="Pairwise.Excluded"/> over the excluded pairs of a block, in place.</summary>
    public Tensor Mask(Tensor block, long start)
    {
        var count = ExcludedIn(block, start);
        if (count > 0)
            block.diagonal(start).narrow(0, 0, count).fill_(Pairwise.Excluded);
        return block;
    }

    /// <summary>`[length, 1]`: how many columns each row of a block is compared with.</summary>
    public Tensor Counts(Tensor block, long start)
    {
        var counts = full(block.size(0), 1, Columns, block.dtype, block.device);
        counts.narrow(0, 0, ExcludedIn(block, start)).sub_(1);
        return counts;
    }

    private long ExcludedIn(Tensor block, long start) => Math.Clamp(_excluded - start, 0, block.size(0));
}
