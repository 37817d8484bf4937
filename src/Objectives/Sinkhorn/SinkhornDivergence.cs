using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// Debiased entropic transport cost between the two modalities' embeddings (the paper's appendix B):
/// OT(u, v) - OT(u, u) / 2 - OT(v, v) / 2 with cost |x - y|² / 2 and uniform weights.
/// </summary>
internal static class SinkhornDivergence
{
    /// <summary>Scalar loss; zero with a graph where a side is empty.</summary>
    /// <param name="u">Embeddings `[n, dim]`.</param>
    /// <param name="v">Embeddings `[m, dim]`; m may differ from n.</param>
    /// <param name="settings">Regularisation and effort.</param>
    /// <exception cref="ArgumentException">The batch is above <see cref="Sinkhorn.MaximumPairs"/>.</exception>
    public static Tensor Compute(Tensor u, Tensor v, SinkhornObjective settings)
    {
        var (n, m) = (u.size(0), v.size(0));
        if (n == 0 || m == 0)
            return Pairwise.ZeroWithGraph(u, v);
        Sinkhorn.CheckSize(Math.Max(n, m), Math.Max(n, m), "The Sinkhorn divergence");
        using var scope = NewDisposeScope();
        return (Cost(u, v, settings) - Cost(u, u, settings).Over(2) - Cost(v, v, settings).Over(2)).MoveToOuterDisposeScope();
    }

    private static Tensor Cost(Tensor x, Tensor y, SinkhornObjective settings)
    {
        using var scope = NewDisposeScope();
        var logits = Pairwise.SquaredDistances(x, y).Over(-2 * settings.Epsilon);
        if (settings.Unrolled)
            return Value(logits).MoveToOuterDisposeScope();

        using var noGrad = no_grad();
        var fixedLogits = logits.detach();
        var (value, plan) = (Value(fixedLogits), Sinkhorn.LogPlan(fixedLogits, settings.Iterations).exp_());
        using var grad = enable_grad();
        // The potentials are optimal, so that to first order only the cost under the plan moves.
        return (value - (plan * (logits - fixedLogits)).sum().Times(settings.Epsilon)).MoveToOuterDisposeScope();

        Tensor Value(Tensor l)
        {
            var (rows, columns) = Sinkhorn.Potentials(l, settings.Iterations);
            return rows.mean().Plus(columns.mean()).Times(settings.Epsilon);
        }
    }
}
