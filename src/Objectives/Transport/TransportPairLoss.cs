using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// Cross-modal pseudo-pairing: a transport plan between the unpaired rows of both modalities, from a slowly moving average of
/// the towers, serves as soft targets of the contrastive loss. Gains most with long training; can hurt early, so ramp it in.
/// </summary>
internal static class TransportPairLoss
{
    /// <summary>Scalar loss; zero with a graph where a side is empty.</summary>
    /// <param name="u">Unit-norm embeddings `[n, dim]` of unpaired rows.</param>
    /// <param name="v">Unit-norm embeddings `[m, dim]` of unpaired rows of the other modality.</param>
    /// <param name="teacherU">The averaged towers' unit-norm embeddings of u's rows `[n, dim']`.</param>
    /// <param name="teacherV">The averaged towers' unit-norm embeddings of v's rows `[m, dim']`.</param>
    /// <param name="logScale">Scalar: the logarithm of 1 / temperature.</param>
    /// <param name="settings">Regularisation and effort.</param>
    /// <exception cref="ArgumentException">The plan is above <see cref="Sinkhorn.MaximumPairs"/>.</exception>
    public static Tensor Compute(Tensor u, Tensor v, Tensor teacherU, Tensor teacherV, Tensor logScale, TransportPairObjective settings)
    {
        if (u.size(0) == 0 || v.size(0) == 0)
            return Pairwise.ZeroWithGraph(u, v, logScale);
        Sinkhorn.CheckSize(u.size(0), v.size(0), "The transport-pair term");
        using var scope = NewDisposeScope();
        var logPlan = Sinkhorn.LogPlan(teacherU.detach().matmul(teacherV.detach().t()).Minus(1).Over(settings.Epsilon), settings.Iterations);
        var logits = logScale.exp() * u.matmul(v.t());
        // A softmax divides a row of the plan by its sum.
        var loss = PseudoLabelLoss.CrossEntropy(logits, logPlan.softmax(1)).Plus(PseudoLabelLoss.CrossEntropy(logits.t(), logPlan.t().softmax(1)));
        return loss.Over(2).MoveToOuterDisposeScope();
    }
}
