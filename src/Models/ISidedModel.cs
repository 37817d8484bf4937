namespace Microsoft.ML.GentleClip.Models;

/// <summary>What scoring knows of a model, whatever computes its columns.</summary>
internal interface ISidedModel
{
    /// <summary>Length of <see cref="TowerOutput{T}.Embedding"/>; 0 where there is none.</summary>
    int EmbeddingDimension { get; }

    /// <summary>Modality and sizes of a side that the model has.</summary>
    TowerSpec SpecOf(Side side);

    /// <summary>Length of <see cref="TowerOutput{T}.Features"/>.</summary>
    int FeatureDimensionOf(Side side);

    /// <summary>What a graph of a side is made from. What it needs belongs to the open dispose scope, which must last until the graph is written.</summary>
    SideParts PartsOf(Side side);
}
