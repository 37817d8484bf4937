namespace Microsoft.ML.GentleClip.Models;

/// <summary>What a two-tower model is, apart from its weights: immutable, saved with them.</summary>
/// <param name="A">First tower.</param>
/// <param name="B">Second tower.</param>
/// <param name="EmbeddingDimension">Length of the embeddings.</param>
/// <param name="Temperature">Temperature at the start of training.</param>
internal sealed record TwoTowerSpec(TowerSpec A, TowerSpec B, int EmbeddingDimension, double Temperature);
