using System.Globalization;
using Microsoft.ML.GentleClip;
using Spectre.Console;

namespace ProteinAlignment;

/// <summary>Shows a training as a bar of the console.</summary>
internal sealed class ProgressBar(ProgressContext bars, string name) : IProgress<TrainingProgress>
{
    private readonly ProgressTask _task = bars.AddTask(name.EscapeMarkup());

    public void Report(TrainingProgress value)
    {
        if (value.TotalSteps > 0)
            _task.MaxValue = value.TotalSteps;
        _task.Value = value.Step;
        if (value.Loss is { } loss)
            _task.Description = string.Create(CultureInfo.InvariantCulture, $"{name.EscapeMarkup()}, loss {loss:f2}");
        if (value.Phase is TrainingPhase.Finished or TrainingPhase.Stopped)
            _task.StopTask();
    }
}
