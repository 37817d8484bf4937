using System.Globalization;
using System.Text;

namespace Microsoft.ML.GentleClip.Options;

/// <summary>How progress is written in the console, the log and notebooks.</summary>
internal static class ProgressText
{
    /// <summary>One line on a report.</summary>
    public static string Of(TrainingProgress progress)
    {
        if (progress.Phase is TrainingPhase.Finished or TrainingPhase.Stopped)
            return Last(progress);
        var text = new StringBuilder(Name(progress.Phase, progress.ColumnName));
        if (progress.Unit != ProgressUnit.None)
            text.Append(": ").Append(Amount(progress.Done, progress.Total, progress.Unit));
        if (progress.Loss is { } loss)
            text.Append(CultureInfo.InvariantCulture, $", loss {loss:0.00}");
        if (progress is { Phase: TrainingPhase.Training or TrainingPhase.TrainingOnPairsOnly, ValidationRecallAt10: { } recall })
            text.Append(CultureInfo.InvariantCulture, $", validation recall@10 {100 * recall:0} %");
        if (progress is { Phase: TrainingPhase.Training, ValidationLoss: { } validationLoss })
            text.Append(CultureInfo.InvariantCulture, $", validation loss {validationLoss:0.000}");
        text.Append(progress.Unit == ProgressUnit.None ? ": " : ", ").Append(Time(progress.Elapsed));
        if (progress.Remaining is { } remaining && remaining > TimeSpan.Zero)
            text.Append(", about ").Append(Time(remaining)).Append(" left");
        return text.ToString();
    }

    // What came of it: the steps, and what the last validation found.
    private static string Last(TrainingProgress progress)
    {
        List<string> found = [];
        if (progress.Step > 0)
            found.Add(Amount(progress.Step, ProgressUnit.Steps));
        if (progress.ValidationRecallAt10 is { } recall)
            found.Add(string.Create(CultureInfo.InvariantCulture, $"validation recall@10 {100 * recall:0} %"));
        if (progress.ValidationLoss is { } loss)
            found.Add(string.Create(CultureInfo.InvariantCulture, $"validation loss {loss:0.000}"));
        return $"{Name(progress.Phase, null)} after {Time(progress.Elapsed)}{(found.Count > 0 ? ": " : "")}{string.Join(", ", found)}";
    }

    /// <summary>A phase in words.</summary>
    public static string Name(TrainingPhase phase, string? column)
    {
        var of = column is null ? "" : $" of column '{column}'";
        return phase switch
        {
            TrainingPhase.Starting => "Starting",
            TrainingPhase.ReadingRows => "Reading rows",
            TrainingPhase.ReadingValidationRows => "Reading validation rows",
            TrainingPhase.HashingRows => "Hashing rows for the checkpoints",
            TrainingPhase.PreparingRows => "Closed form, preparing rows",
            TrainingPhase.ChoosingByFolds => "Closed form, choosing by folds",
            TrainingPhase.FittingClosedForm => "Closed form, fitting",
            TrainingPhase.MakingTowers => "Making the towers",
            TrainingPhase.EncodingRows => $"Encoding rows{of} with the frozen encoder",
            TrainingPhase.RestoringCheckpoint => "Reading the checkpoint",
            TrainingPhase.SolvingHead => "Solving the head",
            TrainingPhase.Training => "Training",
            TrainingPhase.TrainingOnPairsOnly => "Training again, on the pairs only",
            TrainingPhase.MeasuringStatistics => "Measuring statistics",
            TrainingPhase.Validating => "Validating",
            TrainingPhase.SavingCheckpoint => "Writing a checkpoint",
            TrainingPhase.Finished => "Finished",
            TrainingPhase.Stopped => "Stopped",
            _ => phase.ToString(),
        };
    }

    /// <summary>How much of how much.</summary>
    public static string Amount(long done, long? total, ProgressUnit unit)
    {
        var units = Units(total ?? done, unit);
        return total is { } all and > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{done:N0} of {all:N0} {units} ({Math.Floor(100d * done / all):0} %)")
            : string.Create(CultureInfo.InvariantCulture, $"{done:N0} {units}");
    }

    /// <summary>An amount without what there is in all.</summary>
    public static string Amount(long count, ProgressUnit unit) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} {Units(count, unit)}");

    /// <summary>A time as minutes and seconds, with hours and days where it has them.</summary>
    public static string Time(TimeSpan time)
    {
        var seconds = (long)Math.Max(0, Math.Round(time.TotalSeconds));
        var (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        FormattableString text = days > 0 ? $"{days} d {hours}:{minutes:00}:{seconds % 60:00}"
            : hours > 0 ? $"{hours}:{minutes:00}:{seconds % 60:00}"
            : (FormattableString)$"{minutes}:{seconds % 60:00}";
        return text.ToString(CultureInfo.InvariantCulture);
    }

    private static string Units(long count, ProgressUnit unit) => (unit, count) switch
    {
        (ProgressUnit.Rows, 1) => "row",
        (ProgressUnit.Rows, _) => "rows",
        (ProgressUnit.Folds, 1) => "fold",
        (ProgressUnit.Folds, _) => "folds",
        (ProgressUnit.Rounds, 1) => "round",
        (ProgressUnit.Rounds, _) => "rounds",
        (ProgressUnit.Iterations, 1) => "iteration",
        (ProgressUnit.Iterations, _) => "iterations",
        (ProgressUnit.Steps, 1) => "step",
        _ => "steps",
    };
}
