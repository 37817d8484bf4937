using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// The Sinkhorn divergence between the modalities' embeddings (appendix B of Gentle-CLIP): no gain at weight 1 in our measurements, and 10 ruins the
/// embeddings. In the history as <c>sinkhorn</c>; see docs/objectives/sinkhorn.md.
/// </summary>
public sealed record SinkhornObjective : Objective
{
    /// <summary>Creates the objective with a weight of 1.</summary>
    public SinkhornObjective()
        : base("sinkhorn")
    {
    }

    /// <inheritdoc/>
    public override ObjectiveNeeds Needs { get; } = new() { UnpairedSamples = true };

    /// <summary>Entropic regularisation of the cost |x - y|² / 2.</summary>
    internal double Epsilon { get; init; } = 0.05;

    /// <summary>Updates of both potentials.</summary>
    internal int Iterations { get; init; } = 50;

    /// <summary>
    /// Gradient through every update instead of through the final plan alone, which is the same once converged and holds no iteration in memory.
    /// </summary>
    internal bool Unrolled { get; init; }

    /// <inheritdoc/>
    public override Tensor Compute(ObjectiveBatch batch) => SinkhornDivergence.Compute(batch.EmbeddingsA, batch.EmbeddingsB, this);
}
