using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// The symmetric contrastive loss of CLIP on matched pairs (the paper's equation 1):
/// the mean over both directions of -log softmax of the partner's similarity among the batch's similarities.
/// </summary>
internal static class ContrastiveLoss
{
    /// <summary>Scalar loss; zero with a graph for fewer than two pairs, which hold no negatives.</summary>
    /// <param name="u">Unit-norm embeddings `[n, dim]`; row i belongs to row i of <paramref name="v"/>.</param>
    /// <param name="v">Unit-norm embeddings `[n, dim]`.</param>
    /// <param name="logScale">Scalar: the logarithm of 1 / temperature.</param>
    /// <param name="blockSize">Rows above which the loss runs in row blocks.</param>
    public static Tensor Compute(Tensor u, Tensor v, Tensor logScale, int blockSize = Pairwise.DefaultBlockSize)
    {
        if (u.size(0) < 2)
            return Pairwise.ZeroWithGraph(u, v, logScale);
        using var scope = NewDisposeScope();
        var scale = logScale.exp();
        var (rows, columns) = PairwiseLogSumExp.RowsAndColumns(u, v, scale, scale, Affinity.Dot, blockSize);
        return ((rows + columns) / 2 - scale * Pairwise.RowDots(u, v)).mean().MoveToOuterDisposeScope();
    }
}
