using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// Retrieval with the hubness correction CSLS: s'(x, y) = 2 s(x, y) - r_b(x) - r_a(y), where s is the cosine and r the mean of the largest cosines
/// to a fixed bank of training embeddings of the other modality. The bank makes it inductive: a single query works, and no score depends on the
/// other queries. For search alone; not for classification by centroids.
/// </summary>
internal sealed class Csls : IDisposable
{
    private readonly Tensor _bankA;
    private readonly Tensor _bankB;
    private readonly int _neighbours;
    private readonly int _blockSize;

    /// <param name="bankA">Unit training embeddings of A `[n, width]`; copied.</param>
    /// <param name="bankB">Unit training embeddings of B `[m, width]`; copied.</param>
    /// <param name="neighbours">Number of largest cosines in the means; of smaller banks all rows.</param>
    /// <param name="blockSize">Rows at a time.</param>
    /// <exception cref="ArgumentException">A bank is empty, or the widths differ.</exception>
    public Csls(Tensor bankA, Tensor bankB, int neighbours = 10, int blockSize = AlignmentSettings.DefaultBlockSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(neighbours);
        if (bankA.dim() != 2 || bankB.dim() != 2 || bankA.size(0) == 0 || bankB.size(0) == 0 || bankA.size(1) != bankB.size(1))
            throw new ArgumentException($"CSLS banks: expected embeddings [rows, width] of one width, found [{string.Join(", ", bankA.shape)}] and [{string.Join(", ", bankB.shape)}].");
        (_bankA, _bankB) = (bankA.detach().clone().DetachFromDisposeScope(), bankB.detach().clone().DetachFromDisposeScope());
        (_neighbours, _blockSize) = (neighbours, blockSize);
    }

    /// <summary>r `[n]`: the mean of the largest cosines of unit embeddings to the bank of the other modality.</summary>
    /// <param name="embeddings">`[n, width]`.</param>
    /// <param name="side">Their own modality.</param>
    public Tensor Radii(Tensor embeddings, Side side)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var bank = (side == Side.A ? _bankB : _bankA).to(embeddings.dtype, embeddings.device).t();
        var count = (int)Math.Min(_neighbours, bank.size(1));
        return Rows.InBlocks(embeddings, BlockRows(bank.size(1)), block => block.matmul(bank).topk(count, 1).values.mean([1], keepdim: true))
            .squeeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>Scores `[n, m]` of all pairs of two sets of unit embeddings.</summary>
    public Tensor Scores(Tensor a, Tensor b)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return Corrected(a, b, Radii(a, Side.A), Radii(b, Side.B)).MoveToOuterDisposeScope();
    }

    /// <summary>The best candidates of the other modality for each query, best first, without the whole matrix of scores.</summary>
    /// <param name="queries">Unit embeddings `[n, width]`.</param>
    /// <param name="side">Modality of the queries.</param>
    /// <param name="candidates">Unit embeddings `[m, width]` of the other modality.</param>
    /// <param name="count">Candidates wanted; all where there are fewer.</param>
    /// <param name="candidateRadii">Their <see cref="Radii"/> where known already; null computes them.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <returns>Scores and candidate numbers `[n, min(count, m)]`.</returns>
    public (Tensor Scores, Tensor Numbers) Top(
        Tensor queries, Side side, Tensor candidates, int count, Tensor? candidateRadii = null, CancellationToken cancellationToken = default)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var other = side == Side.A ? Side.B : Side.A;
        var radii = candidateRadii ?? Radii(candidates, other);
        var kept = (int)Math.Min(count, candidates.size(0));
        var (scores, numbers) = (empty([queries.size(0), kept], queries.dtype, queries.device), empty([queries.size(0), kept], ScalarType.Int64, queries.device));
        foreach (var (start, length) in Rows.Blocks(queries.size(0), candidates.size(0), BlockRows(candidates.size(0))))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            var block = queries.narrow(0, start, length);
            var best = Corrected(block, candidates, Radii(block, side), radii).topk(kept, 1);
            scores.narrow(0, start, length).copy_(best.values);
            numbers.narrow(0, start, length).copy_(best.indexes);
        }
        return (scores.MoveToOuterDisposeScope(), numbers.MoveToOuterDisposeScope());
    }

    /// <summary>Frees the banks.</summary>
    public void Dispose()
    {
        _bankA.Dispose();
        _bankB.Dispose();
    }

    private static Tensor Corrected(Tensor x, Tensor y, Tensor radiiX, Tensor radiiY) =>
        x.matmul(y.t()).mul_(Scalars.Of(2)).sub_(radiiX.unsqueeze(1)).sub_(radiiY);

    private int BlockRows(long columns) => (int)Math.Clamp(PseudoPairs.BlockElements / Math.Max(columns, 1), 1, _blockSize);
}
