using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// One matrix of affinities in row blocks: minus the squared distances where any statistic is made of those, else inner products. Holds no graph; its
/// tensors are in the workspace or the caller's scope.
/// </summary>
internal sealed class PairBlocks
{
    // So many numbers of a block, in float32 1 MB, stay in the cache through a dozen passes; below 32 rows the product slows down.
    private const long ElementsOfBlock = 256 * 1024, FewestRows = 32;

    private const int Left = 0, Right = 1, Whole = 2, Block = 3, FirstScratch = 4;

    private readonly PairMatrix _matrix;
    private readonly PairWorkspace _workspace;
    private readonly Tensor _left, _rightTransposed;
    private readonly Tensor? _whole;
    private readonly Tensor? _center, _rowOffsets, _columnOffsets;
    private readonly bool _isWritten;
    private readonly PairShare? _share;
    private readonly long _height;

    /// <param name="matrix">Which matrix it is, for the workspace.</param>
    /// <param name="x">Rows `[n, dim]`, without a graph.</param>
    /// <param name="y">Rows `[m, dim]`, without a graph; x for a set against itself.</param>
    /// <param name="distances">Minus squared distances instead of inner products.</param>
    /// <param name="dots">Whether inner products are wanted too.</param>
    /// <param name="plan">Block size and owner.</param>
    /// <param name="workspace">Buffers.</param>
    /// <param name="keep">Keeps the whole matrix from forward to backward.</param>
    /// <param name="isNew">Whether no block has been written, whoever claimed the matrix.</param>
    public PairBlocks(
        PairMatrix matrix, Tensor x, Tensor y, bool distances, bool dots, PairPlan plan, PairWorkspace workspace, bool keep, bool isNew = false)
    {
        var (n, m, dim) = (x.size(0), y.size(0), x.size(1));
        (_matrix, _workspace, Rows, Columns, AreDistances) = (matrix, workspace, n, m, distances);
        Symmetric = matrix is PairMatrix.A or PairMatrix.B;
        _height = Math.Clamp(Math.Max(ElementsOfBlock / Math.Max(m, 1), FewestRows), 1, Math.Min(plan.BlockSize, Math.Max(n, 1)));
        _whole = keep ? workspace.Rent(matrix, Whole, n, m, x) : null;
        _isWritten = workspace.Claim(matrix, plan.Owner, distances) && keep && !isNew;
        _share = plan.Share;
        if (!distances)
        {
            (_left, RowVectors, ColumnVectors, _rightTransposed) = (x, x, y, y.t());
            return;
        }

        // Distances do not change under a common shift, and centred rows lose less to cancellation; as in AffinityBlocks, [2x, -|x|², -1] [y, 1, |y|²]'.
        _left = workspace.Rent(matrix, Left, n, dim + 2, x);
        var right = workspace.Rent(matrix, Right, m, dim + 2, x);
        (RowVectors, ColumnVectors, _rightTransposed) = (_left.narrow(1, 0, dim), right.narrow(1, 0, dim), right.t());
        var (rowSquares, columnSquares) = (_left.narrow(1, dim, 1), right.narrow(1, dim + 1, 1));
        _center = y.mean([0], keepdim: true);
        if (!_isWritten)
        {
            using var scope = NewDisposeScope();
            RowVectors.copy_(x).sub_(_center);
            ColumnVectors.copy_(y).sub_(_center);
            rowSquares.copy_(RowVectors.Squared().sum(dim: 1, keepdim: true)).mul_(Scalars.Of(-1));
            columnSquares.copy_(ColumnVectors.Squared().sum(dim: 1, keepdim: true));
            _left.narrow(1, dim + 1, 1).fill_(Scalars.Of(-1));
            right.narrow(1, dim, 1).fill_(Scalars.One);
            RowVectors.mul_(Scalars.Of(2));
        }

        if (!dots)
            return;
        // <x, y> is half of what minus the squared distance lacks to the squares of both; everything shifted back.
        using var offsets = NewDisposeScope();
        var (direction, square) = (_center.t(), _center.Squared().sum().Over(2));
        _rowOffsets = (RowVectors.matmul(direction) - rowSquares).Over(2).Plus(square).MoveToOuterDisposeScope();
        _columnOffsets = ColumnVectors.matmul(direction).Plus(columnSquares.Over(2)).Plus(square).squeeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>Whether <see cref="Write"/> gives minus squared distances.</summary>
    public bool AreDistances { get; }

    /// <summary>A set against itself: gradients go to x alone.</summary>
    public bool Symmetric { get; }

    public long Rows { get; }

    public long Columns { get; }

    /// <summary>x; for distances twice x after the common shift.</summary>
    public Tensor RowVectors { get; }

    /// <summary>y; for distances after the common shift.</summary>
    public Tensor ColumnVectors { get; }

    /// <summary>`[1, dim]`: the common shift; null without one.</summary>
    public Tensor? Center => _center;

    /// <summary>The blocks from the first row to the last, or those of one slice.</summary>
    public IEnumerable<RowBlock> All(int? slice = null)
    {
        for (long start = 0; start < Rows; start += _height)
        {
            var block = new RowBlock(start, Math.Min(_height, Rows - start));
            if (slice is null || _share!.SliceOf(block, Rows) == slice)
                yield return block;
        }
    }

    /// <summary>The affinities `[length, m]` of a block, not to be changed.</summary>
    public Tensor Write(RowBlock block)
    {
        var target = _whole?.narrow(0, block.Start, block.Length) ?? _workspace.Rent(null, Block, block.Length, Columns, _left);
        if (_isWritten)
            return target;
        target.addmm_(_left.narrow(0, block.Start, block.Length), _rightTransposed, 0, 1);
        return AreDistances ? target.clamp_max_(Scalars.Zero) : target; // rounding can leave a small positive number
    }

    /// <summary>Writes the inner products of a block into a buffer, from what <see cref="Write"/> gave.</summary>
    public Tensor WriteDots(Tensor affinities, RowBlock block, int scratch)
    {
        var target = Scratch(scratch, block.Length, Columns).copy_(affinities);
        return AreDistances
            ? target.mul_(Scalars.Of(0.5)).AddInPlace(_rowOffsets!.narrow(0, block.Start, block.Length)).AddInPlace(_columnOffsets!)
            : target;
    }

    /// <summary>A buffer for a block.</summary>
    public Tensor Scratch(int number, long rows, long columns) => _workspace.Rent(null, FirstScratch + number, rows, columns, _left);
}
