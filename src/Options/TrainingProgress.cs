using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>How far a running <c>Fit</c> is, reported through <see cref="GentleClipOptions.Progress"/>.</summary>
/// <param name="Phase">What it is doing.</param>
/// <param name="Done">How much of the phase is done, in its unit; never falls within a phase.</param>
/// <param name="Total">
/// How much there is to do, or null where nobody knows (the rows of a stream). A training may end before, by early stopping.
/// </param>
/// <param name="Unit">What the two count.</param>
/// <param name="Elapsed">Time since <c>Fit</c> was called.</param>
public sealed record TrainingProgress(TrainingPhase Phase, long Done, long? Total, ProgressUnit Unit, TimeSpan Elapsed)
{
    /// <summary>The column that the phase is about, or null where it is about all.</summary>
    public string? ColumnName { get; init; }

    /// <summary>
    /// Estimated time to the end of the phase, from its own recent speed; what a checkpoint had done already does not count. Null as long as there
    /// is nothing to go by: at the beginning of each phase, and where <see cref="Total"/> is null.
    /// </summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>
    /// Estimated time to the end of <c>Fit</c>: known while towers are trained, as the phases before have no measure in common. Null elsewhere.
    /// </summary>
    public TimeSpan? RemainingInFit { get; init; }

    /// <summary>
    /// Optimiser steps done, those of both trainings of a guard and of the checkpoint that a training goes on from included; 0 before the first.
    /// </summary>
    public int Step { get; init; }

    /// <summary>Optimiser steps planned, those of both trainings of a guard; 0 for a closed form alone. Early stopping may end before.</summary>
    public int TotalSteps { get; init; }

    /// <summary>Zero-based epoch of the step.</summary>
    public int Epoch { get; init; }

    /// <summary>
    /// Weighted total of the loss terms at the step, or the objective of an iteration of <see cref="TrainingPhase.SolvingHead"/>; null elsewhere.
    /// </summary>
    public double? Loss { get; init; }

    /// <summary>Mean recall@10 of both directions at the last validation, 0 to 1, or null before the first and without validation.</summary>
    public double? ValidationRecallAt10 { get; init; }

    /// <summary>Loss of the validation rows of a fine-tuning at the last validation, or null before the first, without validation and for towers.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>One line: phase, how far, loss, time gone and time left. Numbers are written the same in every culture.</summary>
    public override string ToString() => ProgressText.Of(this);
}
