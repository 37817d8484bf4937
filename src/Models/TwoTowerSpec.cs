namespace Microsoft.ML.GentleClip.Models;

/// <summary>What a two-tower model is, apart from its weights: immutable, saved with them.</summary>
/// <param name="A">First tower.</param>
/// <param name="B">Second tower.</param>
/// <param name="EmbeddingDimension">Length of the embeddings.</param>
/// <param name="Temperature">Temperature at the start of training.</param>
/// <param name="ClosedForm">The closed-form part, or null.</param>
internal sealed record TwoTowerSpec(TowerSpec A, TowerSpec B, int EmbeddingDimension, double Temperature, ClosedFormSpec? ClosedForm = null)
{
    /// <summary>The tower of a side.</summary>
    public TowerSpec Of(Side side) => side == Side.A ? A : B;

    /// <summary>Slots of the embedding that the towers have; 0 without towers.</summary>
    public int TowerDimension => EmbeddingDimension - (ClosedForm?.Dimension ?? 0);

    /// <summary>
    /// Whether there is a tower, or a tower's encoder, for a modality: a closed form without towers reads feature vectors as they are, and of others a frozen
    /// encoder's features.
    /// </summary>
    public bool HasEncoder(TowerSpec tower) => TowerDimension > 0 || ReadsFeatures(tower);

    /// <summary>Whether the closed form, if any, reads the encoder's features of a modality; else the feature vectors themselves.</summary>
    public bool ReadsFeatures(TowerSpec tower) => ClosedForm is not null && tower.Modality is not VectorModality;
}
