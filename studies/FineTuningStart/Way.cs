using Microsoft.ML.GentleClip;

namespace FineTuningStart;

/// <summary>How a fine-tuning differs from the library's defaults.</summary>
/// <param name="Head">The beginning.</param>
/// <param name="IsFrozen">Whether only the head is fitted.</param>
/// <param name="Steps">Optimiser steps.</param>
internal sealed record Way(HeadInitialization Head, bool IsFrozen, int Steps)
{
    public double? Regularization { get; init; }

    public double Rate { get; init; } = 1e-3;

    /// <summary>Of the encoders; null for the library's default.</summary>
    public double? EncoderRate { get; init; }

    public override string ToString() => IsFrozen ? "frozen, head solved" : $"{(Head == HeadInitialization.Prior ? "prior" : "solved head")}, {Steps} steps";
}
