using Microsoft.ML.GentleClip.Models;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>What a column takes of a pass through its side of the model.</summary>
/// <param name="Dimension">Length of its vectors; of the model and the side's tower, which is null without towers.</param>
/// <param name="Take">The tensor, <c>[batch, Dimension]</c>.</param>
internal sealed record ColumnOutput(Func<SidedModel, Tower?, int> Dimension, Func<TowerOutput, Tensor> Take)
{
    /// <summary>The embedding.</summary>
    public static ColumnOutput Embedding { get; } = new((model, _) => model.EmbeddingDimension, output => output.Embedding);

    /// <summary>The encoder's features, before the projection head; of models with towers only.</summary>
    public static ColumnOutput Features { get; } = new(
        (_, tower) => tower?.FeatureDimension ?? throw new InvalidOperationException("The model is a closed form without towers: it has no features."),
        output => output.Features!);
}
