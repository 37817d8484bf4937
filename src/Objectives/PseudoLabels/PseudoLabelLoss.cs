using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// Caption-level pseudo-labels (Hard-PL, Soft-PL, S-CLIP; Mo et al. 2023): an unpaired sample takes the partners of the pairs
/// that resemble it within its own modality. Written for queries of u's modality; swap u and v for the other one.
/// </summary>
internal static class PseudoLabelLoss
{
    /// <summary>Updates of a transport plan.</summary>
    public const int UsualIterations = 10;

    /// <summary>Plan `[m, n]`, each row a distribution over the pairs; a constant, without a graph.</summary>
    /// <param name="queries">Unit-norm embeddings `[m, dim]` of unpaired rows.</param>
    /// <param name="u">Unit-norm embeddings `[n, dim]` of the pairs' rows of the same modality.</param>
    /// <param name="logScale">Scalar: the logarithm of 1 / temperature; also the inverse of the transport's regularisation.</param>
    /// <param name="kind">Where labels come from.</param>
    /// <param name="iterations">Updates of the transport plan.</param>
    /// <exception cref="ArgumentException">The plan is above <see cref="Sinkhorn.MaximumPairs"/>.</exception>
    public static Tensor Plan(Tensor queries, Tensor u, Tensor logScale, PseudoLabelKind kind, int iterations = UsualIterations)
    {
        Sinkhorn.CheckSize(queries.size(0), u.size(0), "The pseudo-label term");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var similarities = queries.matmul(u.t());
        var plan = kind switch
        {
            PseudoLabelKind.Hard => nn.functional.one_hot(similarities.argmax(1), u.size(0)).to_type(u.dtype),
            PseudoLabelKind.Soft => (similarities * logScale.exp()).softmax(1),
            // Cost 1 - similarity; the constant does not move the plan. A row's softmax divides it by its sum.
            PseudoLabelKind.OptimalTransport => Sinkhorn.LogPlan(similarities.Minus(1) * logScale.exp(), iterations).softmax(1),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
        return plan.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Half the mean cross-entropy of the queries' similarities to the other modality against the plan; zero with a graph without queries or pairs.
    /// </summary>
    /// <param name="queries">Unit-norm embeddings `[m, dim]`.</param>
    /// <param name="v">Unit-norm embeddings `[n, dim]` of the pairs' rows of the other modality.</param>
    /// <param name="plan">`[m, n]`.</param>
    /// <param name="logScale">Scalar: the logarithm of 1 / temperature.</param>
    public static Tensor Caption(Tensor queries, Tensor v, Tensor plan, Tensor logScale)
    {
        if (queries.size(0) == 0 || v.size(0) == 0)
            return Pairwise.ZeroWithGraph(queries, v, logScale);
        using var scope = NewDisposeScope();
        return CrossEntropy(logScale.exp() * queries.matmul(v.t()), plan).Over(2).MoveToOuterDisposeScope();
    }

    /// <summary>The contrastive loss of the pairs, in which unpaired rows of u's modality are further negatives for v.</summary>
    public static Tensor Supervised(Tensor u, Tensor v, Tensor queries, Tensor logScale, int blockSize = Pairwise.DefaultBlockSize)
    {
        if (u.size(0) == 0)
            return Pairwise.ZeroWithGraph(u, v, queries, logScale);
        using var scope = NewDisposeScope();
        var scale = logScale.exp();
        var rows = PairwiseLogSumExp.Rows(u, v, scale, Affinity.Dot, blockSize);
        var columns = PairwiseLogSumExp.Rows(v, cat([u, queries], 0), scale, Affinity.Dot, blockSize);
        return (rows.Plus(columns).Over(2) - scale * Pairwise.RowDots(u, v)).mean().MoveToOuterDisposeScope();
    }

    /// <summary>Mean over rows of -sum target log softmax(logits).</summary>
    internal static Tensor CrossEntropy(Tensor logits, Tensor targets) => -(targets * logits.log_softmax(1)).sum(dim: 1).mean();
}
