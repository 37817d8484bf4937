namespace Microsoft.ML.GentleClip.Models;

/// <summary>A fine-tuned model and what is kept of its training; what the serialiser writes and reads.</summary>
/// <param name="Model">Encoders and head with their weights.</param>
/// <param name="LabelColumnName">Column of the labels in training.</param>
/// <param name="Seed">Seed of the training.</param>
/// <param name="History">The training's epochs.</param>
internal sealed record FittedFineTuning(FineTunedModel Model, string LabelColumnName, int Seed, IReadOnlyList<FineTuningEpoch> History)
{
    /// <summary>All but the weights.</summary>
    public FineTuningFacts Facts => new(Model.Spec, LabelColumnName, Seed, History);
}
