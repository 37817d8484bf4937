using System.Globalization;

namespace Microsoft.ML.GentleClip;

/// <summary>One epoch of a fine-tuning, as kept in <see cref="FineTunedTransformer.History"/>: as many steps as show each row once, and at least 20.</summary>
/// <param name="Epoch">
/// Zero-based number; -1 for the head that <see cref="HeadInitialization.LinearProbe"/> solved, before the first step: its losses, without noise.
/// </param>
/// <param name="Step">Optimiser steps done at its end.</param>
/// <param name="Loss">
/// Mean of the steps' losses: cross entropy in nats, over the labels of a row where there are many; for numbers the squared error in units of the labels'
/// variance.
/// </param>
/// <param name="LearningRate">Learning rate of the head at its end.</param>
/// <param name="ValidationLoss">The loss of the validation rows at its end, without noise; null without validation.</param>
/// <param name="ValidationScore">
/// Accuracy, 0 to 1; for many labels a row F1 over all labels at a probability of 0.5; for numbers R squared. Null without validation.
/// </param>
public sealed record FineTuningEpoch(int Epoch, int Step, double Loss, double LearningRate, double? ValidationLoss = null, double? ValidationScore = null)
{
    /// <summary>The epoch in one line. Numbers are written the same in every culture.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"Epoch {Epoch}, step {Step:N0}: loss {Loss:0.0000}, learning rate {LearningRate:0.###e+0}")
            + (ValidationLoss is { } loss
                ? string.Create(CultureInfo.InvariantCulture, $"; validation: loss {loss:0.0000}, score {ValidationScore:0.000}") : "");
}
