using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>What one pass through a side of a model gives, as tensors or as values of a graph.</summary>
/// <typeparam name="T"><see cref="Tensor"/>, or the name of a value.</typeparam>
/// <param name="Features">
/// The encoder's features, before the projection head, <c>[batch, FeatureDimension]</c>; the feature vectors themselves where a closed form reads those and
/// the side has no encoder.
/// </param>
/// <param name="Embedding">Unit-length embeddings, <c>[batch, EmbeddingDimension]</c>.</param>
internal readonly record struct TowerOutput<T>(T Features, T Embedding);
