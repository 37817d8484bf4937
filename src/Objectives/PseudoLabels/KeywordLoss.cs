using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// Keyword-level pseudo-labels of S-CLIP: an unpaired sample is matched with those keywords that occur in the text of the pair
/// its plan favours.
/// </summary>
internal static class KeywordLoss
{
    /// <summary>Targets `[m, k]`, without a graph. A row without candidates is zero.</summary>
    /// <param name="queries">Unit-norm embeddings `[m, dim]` of unpaired rows.</param>
    /// <param name="keywords">Unit-norm embeddings `[k, dim]` of the keywords.</param>
    /// <param name="plan">`[m, n]` of <see cref="PseudoLabelLoss.Plan"/>.</param>
    /// <param name="pairHasKeyword">`[n, k]`: whether a pair's text holds a keyword.</param>
    /// <param name="logScale">Scalar: the logarithm of 1 / temperature.</param>
    /// <param name="softmax">Shares the target among candidates by a softmax of the similarities instead of by their sum.</param>
    public static Tensor Targets(Tensor queries, Tensor keywords, Tensor plan, Tensor pairHasKeyword, Tensor logScale, bool softmax)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var candidates = pairHasKeyword.to_type(ScalarType.Bool).index_select(0, plan.argmax(1));
        var similarities = logScale.exp() * queries.matmul(keywords.t());
        var shares = similarities.masked_fill(~candidates, Scalars.Zero);
        var targets = softmax
            ? similarities.masked_fill(~candidates, Scalars.Of(Pairwise.Excluded)).softmax(1)
                .masked_fill(~candidates, Scalars.Zero) // without candidates: zeros
            : where(candidates.sum(dim: 1, keepdim: true).eq(Scalars.One), candidates.to_type(queries.dtype), shares / shares.sum(dim: 1, keepdim: true))
                .masked_fill(~candidates, Scalars.Zero);
        return targets.MoveToOuterDisposeScope();
    }

    /// <summary>Half the mean cross-entropy over all queries; zero with a graph without queries or keywords.</summary>
    public static Tensor Compute(Tensor queries, Tensor keywords, Tensor targets, Tensor logScale)
    {
        if (queries.size(0) == 0 || keywords.size(0) == 0)
            return Pairwise.ZeroWithGraph(queries, keywords, logScale);
        using var scope = NewDisposeScope();
        return PseudoLabelLoss.CrossEntropy(logScale.exp() * queries.matmul(keywords.t()), targets).Over(2).MoveToOuterDisposeScope();
    }
}
