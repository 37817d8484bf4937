namespace Microsoft.ML.GentleClip.Models;

/// <summary>A trained model without its weights, and what is kept of its training.</summary>
/// <param name="Spec">Towers and closed form.</param>
/// <param name="Seed">Seed of the training.</param>
/// <param name="TrainingRows">Rows that the next estimator of a pipeline is fitted on.</param>
/// <param name="History">The training's epochs.</param>
/// <param name="ClosedForm">How the closed form was fitted, a mere teacher included; null without one.</param>
/// <param name="UnpairedObjectives">What the guard of the losses on unpaired samples found; null where it did not run.</param>
internal sealed record ModelFacts(
    TwoTowerSpec Spec, int Seed, TrainingRows TrainingRows, IReadOnlyList<TrainingEpoch> History, ClosedFormReport? ClosedForm,
    UnpairedObjectivesReport? UnpairedObjectives);
