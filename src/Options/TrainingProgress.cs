namespace Microsoft.ML.GentleClip;

/// <summary>State of a running training, reported through <see cref="GentleClipOptions.Progress"/>.</summary>
/// <param name="Step">Optimiser steps done, 0 while a frozen encoder encodes the rows; rounds of self-training where a closed form is fitted alone.</param>
/// <param name="TotalSteps">Steps planned; early stopping may end before.</param>
/// <param name="Epoch">Zero-based epoch of the step.</param>
/// <param name="Loss">Weighted total of the loss terms at the step; NaN before the first step and for a closed form, which has none.</param>
/// <param name="ValidationRecallAt10">Mean recall@10 of both directions at the last validation, 0 to 1, or null without validation.</param>
/// <param name="Elapsed">Time since the training started.</param>
/// <param name="Remaining">Estimated time to the last planned step, or null before there is an estimate.</param>
public sealed record TrainingProgress(
    int Step, int TotalSteps, int Epoch, double Loss, double? ValidationRecallAt10, TimeSpan Elapsed, TimeSpan? Remaining);
