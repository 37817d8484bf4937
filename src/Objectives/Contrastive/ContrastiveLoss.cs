using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// The symmetric contrastive loss of CLIP on matched pairs (the paper's equation 1):
/// the mean over both directions of -log softmax of the partner's similarity among the batch's similarities.
/// </summary>
internal static class ContrastiveLoss
{
    /// <summary>
    /// Pairs in a batch by equation 1, n = floor(N / (M + N) B), with M the larger of the two unpaired sets; at least 2, where there
    /// are as many, because fewer give no gradient, and at most N. More pairs than that train faster.
    /// </summary>
    public static int PairsPerBatch(long pairs, long unpairedA, long unpairedB, int batchSize)
    {
        if (pairs == 0)
            return 0;
        var share = pairs * batchSize / (pairs + Math.Max(unpairedA, unpairedB));
        return (int)Math.Clamp(share, Math.Min(2, pairs), pairs);
    }

    /// <summary>Scalar loss; zero with a graph for fewer than two pairs, which hold no negatives.</summary>
    /// <param name="u">Unit-norm embeddings `[n, dim]`; row i belongs to row i of <paramref name="v"/>.</param>
    /// <param name="v">Unit-norm embeddings `[n, dim]`.</param>
    /// <param name="logScale">Scalar: the logarithm of 1 / temperature.</param>
    /// <param name="blockSize">Rows above which the loss runs in row blocks.</param>
    /// <param name="logSums">The rows' log-sum-exps followed by the columns', where those are known already.</param>
    public static Tensor Compute(Tensor u, Tensor v, Tensor logScale, int blockSize = Pairwise.DefaultBlockSize, Tensor? logSums = null)
    {
        if (u.size(0) < 2)
            return Pairwise.ZeroWithGraph(u, v, logScale);
        using var scope = NewDisposeScope();
        var scale = logScale.exp();
        var n = u.size(0);
        var (rows, columns) = logSums is null
            ? PairwiseLogSumExp.RowsAndColumns(u, v, scale, scale, Affinity.Dot, blockSize)
            : (logSums.narrow(0, 0, n), logSums.narrow(0, n, n));
        return (rows.Plus(columns).Over(2) - scale * Pairwise.RowDots(u, v)).mean().MoveToOuterDisposeScope();
    }
}
