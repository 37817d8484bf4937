using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>One side of a model as graphs are made of it: sizes, and weights by name.</summary>
/// <param name="Side">Which.</param>
/// <param name="Spec">Modality and size of a sample.</param>
/// <param name="Tower">Weights of the tower, or of its encoder only; null where a closed form reads feature vectors and there is no tower.</param>
/// <param name="FeatureDimension">Width of the features.</param>
/// <param name="EmbeddingDimension">Width of the embeddings; 0 where there are none.</param>
internal sealed record SideParts(Side Side, TowerSpec Spec, IReadOnlyDictionary<string, GraphWeight>? Tower, int FeatureDimension, int EmbeddingDimension)
{
    /// <summary>Why the encoder cannot be written as a graph, as a clause without full stop; null where nothing is known to stand in the way.</summary>
    public string? Obstacle { get; init; }

    /// <summary>Whether the tower has a projection head.</summary>
    public bool HasHead { get; init; }

    /// <summary>The closed form, or null.</summary>
    public ClosedFormSpec? ClosedForm { get; init; }

    /// <summary>Weights of the closed form, of both sides, as they are saved.</summary>
    public IReadOnlyDictionary<string, GraphWeight>? Alignment { get; init; }

    /// <summary>Whether the closed form reads the encoder's features; else it reads the feature vectors themselves.</summary>
    public bool AlignmentReadsFeatures { get; init; }

    /// <summary>A side of a two-tower model.</summary>
    /// <param name="model">The model, apart from its weights.</param>
    /// <param name="side">Its side.</param>
    /// <param name="tower">Weights of the tower, if any.</param>
    /// <param name="alignment">Weights of the closed form, if any.</param>
    /// <param name="featureDimension">Width of the features.</param>
    public static SideParts Of(TwoTowerSpec model, Side side, IReadOnlyDictionary<string, GraphWeight>? tower,
        IReadOnlyDictionary<string, GraphWeight>? alignment, int featureDimension) =>
        new(side, model.Of(side), tower, featureDimension, model.EmbeddingDimension)
        {
            HasHead = model.TowerDimension > 0,
            ClosedForm = model.ClosedForm,
            Alignment = alignment,
            AlignmentReadsFeatures = model.ReadsFeatures(model.Of(side)),
        };
}
