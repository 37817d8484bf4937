namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>
/// Calls back at once on the training's thread, where <see cref="Progress{T}"/> posts; for reports of optimiser steps only, unless all are wanted.
/// </summary>
internal sealed class DirectProgress(Action<TrainingProgress> report, bool all = false) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value)
    {
        if (all || value.Loss is not null)
            report(value);
    }
}
