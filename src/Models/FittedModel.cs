namespace Microsoft.ML.GentleClip.Models;

/// <summary>A trained model and what is kept of its training; what the serialiser writes and reads.</summary>
/// <param name="Model">Towers with their weights.</param>
/// <param name="Seed">Seed of the training.</param>
/// <param name="TrainingRows">Rows that the next estimator of a pipeline is fitted on.</param>
/// <param name="History">The training's epochs.</param>
/// <param name="UnpairedObjectives">What the guard of the losses on unpaired samples found; null where it did not run.</param>
/// <param name="ClosedForm">How the closed form was fitted, a mere teacher included; null without one.</param>
internal sealed record FittedModel(
    TwoTowerModel Model, int Seed, TrainingRows TrainingRows, IReadOnlyList<TrainingEpoch> History, ClosedFormReport? ClosedForm = null,
    UnpairedObjectivesReport? UnpairedObjectives = null)
{
    /// <summary>All but the weights.</summary>
    public ModelFacts Facts => new(Model.Spec, Seed, TrainingRows, History, ClosedForm, UnpairedObjectives);
}
