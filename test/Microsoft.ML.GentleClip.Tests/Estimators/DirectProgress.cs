namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Calls back at once on the training's thread, where <see cref="Progress{T}"/> posts.</summary>
internal sealed class DirectProgress(Action<TrainingProgress> report) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value) => report(value);
}
