namespace Microsoft.ML.GentleClip.Models;

/// <summary>What a two-tower model is, apart from its weights: immutable, saved with them.</summary>
/// <param name="A">First tower.</param>
/// <param name="B">Second tower.</param>
/// <param name="EmbeddingDimension">Length of the embeddings.</param>
/// <param name="Temperature">Temperature at the start of training.</param>
/// <param name="Teacher">The closed-form part, or null.</param>
internal sealed record TwoTowerSpec(TowerSpec A, TowerSpec B, int EmbeddingDimension, double Temperature, TeacherSpec? Teacher = null)
{
    /// <summary>Slots of the embedding that the towers have; 0 without towers.</summary>
    public int TowerDimension => EmbeddingDimension - (Teacher?.Dimension ?? 0);
}
