using System.Globalization;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>A phase of a running training, as its reporter sees it.</summary>
internal sealed class RunningPhase
{
    private readonly RemainingTime _estimate;
    private double _workDone;

    /// <param name="phase">Which.</param>
    /// <param name="unit">What it counts.</param>
    /// <param name="total">How many there are, or null.</param>
    /// <param name="done">How many a checkpoint had done.</param>
    /// <param name="column">The column that it is about, or null.</param>
    /// <param name="begun">When it begins.</param>
    /// <param name="work">All its work, where its units take unequal time; null for a unit each.</param>
    public RunningPhase(TrainingPhase phase, ProgressUnit unit, long? total, long done, string? column, TimeSpan begun, double? work)
    {
        (Phase, Unit, Total, Done, Column, Begun) = (phase, unit, total, done, column, begun);
        _workDone = work is null ? done : 0;
        _estimate = new RemainingTime(work ?? total, _workDone, begun);
    }

    public TrainingPhase Phase { get; }

    public ProgressUnit Unit { get; }

    /// <summary>Null where nobody knows, or where there was more than was said.</summary>
    public long? Total { get; private set; }

    public long Done { get; private set; }

    public string? Column { get; }

    public TimeSpan Begun { get; }

    /// <summary>Whether it is a training loop.</summary>
    public bool Trains => Phase is TrainingPhase.Training or TrainingPhase.TrainingOnPairsOnly;

    /// <summary>Its name in words.</summary>
    public string Name => ProgressText.Name(Phase, Column);

    /// <summary>Takes note of how far it is; less than before counts as no progress.</summary>
    public void At(long done, double? workDone, TimeSpan now)
    {
        Done = Math.Max(Done, done);
        if (Done > Total)
            Total = null;
        _workDone = Math.Max(_workDone, workDone ?? Done);
        _estimate.Add(now, _workDone);
    }

    /// <summary>Estimated time to its end, and of more units of its kind; null where nobody knows.</summary>
    public TimeSpan? Remaining(long more = 0) => Total is null ? null : _estimate.Of(_workDone, more);

    /// <summary>What the log says at its beginning.</summary>
    public string Beginning => Total is { } total && Unit != ProgressUnit.None
        ? Done > 0 ? $"{Name}: {ProgressText.Amount(Done, total, Unit)} done before." : $"{Name}: {ProgressText.Amount(total, Unit)}."
        : $"{Name}.";

    /// <summary>What the log says at its end.</summary>
    public string End(TimeSpan now)
    {
        var time = string.Create(CultureInfo.InvariantCulture, $"{(now - Begun).TotalSeconds:0.0} s");
        return Unit == ProgressUnit.None ? $"{Name}: done in {time}." : $"{Name}: done, {ProgressText.Amount(Done, Unit)} in {time}.";
    }
}
