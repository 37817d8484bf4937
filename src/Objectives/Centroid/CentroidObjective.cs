using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// The squared distance between the modalities' mean embeddings (appendix I of Gentle-CLIP). In the history as <c>centroid</c>; see
/// docs/objectives/centroid.md.
/// </summary>
public sealed record CentroidObjective : Objective
{
    /// <summary>Creates the objective with a weight of 1.</summary>
    public CentroidObjective()
        : base("centroid")
    {
    }

    /// <inheritdoc/>
    public override ObjectiveNeeds Needs { get; } = new() { UnpairedSamples = true };

    /// <inheritdoc/>
    public override Tensor Compute(ObjectiveBatch batch) => CentroidLoss.Compute(batch.EmbeddingsA, batch.EmbeddingsB);
}
