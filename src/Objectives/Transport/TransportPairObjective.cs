using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Options;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Cross-modal pseudo-pairs: a transport plan between the unpaired samples of both modalities, from a moving average of the towers, is the soft target of
/// a contrastive loss. In the history as <c>transportPairs</c>; see docs/objectives/transport-pairs.md.
/// </summary>
public sealed record TransportPairObjective : Objective
{
    private readonly double _averageDecay = 0.99;

    /// <summary>Creates the objective with a weight of 0.3, which is cautious, behind the usual ramp; 1 gains more with long training and can hurt.</summary>
    public TransportPairObjective()
        : base("transportPairs") => (Weight, Ramp) = (0.3, new WeightRamp());

    /// <summary>Share of the past in the moving average of the towers, 0 to below 1. Default 0.99.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double AverageDecay
    {
        get => _averageDecay;
        init => _averageDecay = Check.InRangeExclusive(value, 0, 1, nameof(AverageDecay));
    }

    /// <inheritdoc/>
    public override ObjectiveNeeds Needs => new() { UnpairedSamples = true, AverageDecay = AverageDecay };

    /// <summary>Entropic regularisation of the cost 1 - cosine. Up to 0.02; larger ones blur the pairing.</summary>
    internal double Epsilon { get; init; } = 0.02;

    /// <summary>Updates of the plan.</summary>
    internal int Iterations { get; init; } = 20;

    /// <inheritdoc/>
    public override Tensor Compute(ObjectiveBatch batch) => TransportPairLoss.Compute(
        batch.UnpairedA, batch.UnpairedB, batch.Unpaired(batch.AveragedA), batch.Unpaired(batch.AveragedB), batch.LogScale, this);
}

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
