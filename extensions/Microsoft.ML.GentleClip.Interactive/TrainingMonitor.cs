using System.Diagnostics;

namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>
/// Shows a running training in the output of its cell, from the reading of the rows on. It is given what replaces a display, so that any
/// notebook will do. In .NET Interactive:
/// <code>
/// var live = KernelInvocationContext.Current.Display(TrainingMonitor.Waiting);
/// options.Progress = new TrainingMonitor(live.Update);
/// </code>
/// The handle that <c>display(...)</c> gives will not do: in version 1.0.0-beta.26120.1 what it updates is not what it displayed.
/// </summary>
/// <remarks>Calls come on the thread that trains, and one at a time.</remarks>
/// <param name="update">Is called with a <see cref="TrainingState"/>, at most some times a second, when a phase begins, and at the end.</param>
public sealed class TrainingMonitor(Action<object> update) : IProgress<TrainingProgress>
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(400);

    private readonly Action<object> _update = update ?? throw new ArgumentNullException(nameof(update));
    private readonly Lock _lock = new();
    private readonly Stopwatch _sinceUpdate = new();
    private readonly List<(int Step, double Loss)> _losses = [];
    private TrainingPhase? _phase;

    /// <summary>What to display before the training.</summary>
    public static TrainingState Waiting { get; } = new(null, []);

    /// <summary>Keeps the loss, and updates the display when it is time.</summary>
    /// <param name="value">State of the training.</param>
    public void Report(TrainingProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        lock (_lock)
        {
            // A second training with the same monitor begins anew.
            if (_losses.Count > 0 && value.Step < _losses[^1].Step)
                _losses.Clear();
            if (value.Loss is { } loss && (_losses.Count == 0 || value.Step > _losses[^1].Step))
                _losses.Add((value.Step, loss));
            bool passes = value.Phase is TrainingPhase.Validating or TrainingPhase.SavingCheckpoint;
            if (_sinceUpdate.IsRunning && _sinceUpdate.Elapsed < Between && (passes || value.Phase == _phase))
                return;
            if (!passes)
                _phase = value.Phase;
            _sinceUpdate.Restart();
            _update(new TrainingState(value, [.. _losses]));
        }
    }
}
