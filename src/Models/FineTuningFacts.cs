namespace Microsoft.ML.GentleClip.Models;

/// <summary>A fine-tuned model without its weights, and what is kept of its training.</summary>
/// <param name="Spec">Encoders and head.</param>
/// <param name="LabelColumnName">Column of the labels in training.</param>
/// <param name="Seed">Seed of the training.</param>
/// <param name="History">The training's epochs.</param>
internal sealed record FineTuningFacts(FineTunedSpec Spec, string LabelColumnName, int Seed, IReadOnlyList<FineTuningEpoch> History);
