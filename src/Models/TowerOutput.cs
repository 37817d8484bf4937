using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>What one pass through a side of a model gives.</summary>
/// <param name="Features">The encoder's features, <c>[batch, FeatureDimension]</c>; null where the side has no tower.</param>
/// <param name="Embedding">Unit-length embeddings, <c>[batch, EmbeddingDimension]</c>.</param>
internal readonly record struct TowerOutput(Tensor? Features, Tensor Embedding);
