using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Tells the outside how a training goes: ML.NET's log and progress channels and the user's <see cref="IProgress{T}"/>.</summary>
internal sealed class TrainingReporter : IDisposable
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(100);

    private readonly IChannel _channel;
    private readonly IProgressChannel _progressChannel;
    private readonly IProgress<TrainingProgress>? _progress;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private int _totalSteps;
    private bool _moreToCome;
    private int _stepsBefore;
    private int _stepsOfEach;
    private int _stepsOfOtherRuns;
    private TimeSpan _lastReport = -ReportInterval;
    private TrainingProgress _state;

    /// <summary>Starts reporting a training of so many steps.</summary>
    public TrainingReporter(IHost host, IProgress<TrainingProgress>? progress, int totalSteps)
    {
        _progress = progress;
        _totalSteps = totalSteps;
        _state = new TrainingProgress(0, totalSteps, 0, double.NaN, null, TimeSpan.Zero, null);
        _channel = host.Start("Training");
        _progressChannel = host.StartProgressChannel("Training");
        _progressChannel.SetHeader(new ProgressHeader(["loss"], ["steps", "epochs"]), entry =>
        {
            // Called from a timer's thread; the record is replaced as a whole.
            var state = Volatile.Read(ref _state);
            entry.SetProgress(0, state.Step, state.TotalSteps);
            entry.SetProgress(1, state.Epoch);
            entry.SetMetric(0, state.Loss);
        });
    }

    /// <summary>An informational log message.</summary>
    public void Info(FormattableString message) => _channel.Info(MessageSensitivity.None, message.ToString(CultureInfo.InvariantCulture));

    /// <summary>A detail of the log.</summary>
    public void Trace(FormattableString message) => _channel.Trace(MessageSensitivity.None, message.ToString(CultureInfo.InvariantCulture));

    /// <summary>A warning.</summary>
    public void Warning(string message) => _channel.Warning(MessageSensitivity.None, message);

    /// <summary>Sets the number of steps to come.</summary>
    /// <param name="steps">Steps of a training.</param>
    /// <param name="trainings">How many trainings follow each other.</param>
    public void Plan(int steps, int trainings)
    {
        _stepsOfEach = steps;
        _totalSteps = (int)Math.Min((long)steps * trainings, int.MaxValue);
        _moreToCome = trainings > 1;
    }

    /// <summary>The last training begins; its steps count from those planned for the one before.</summary>
    public void LastTraining()
    {
        _stepsBefore = _stepsOfEach;
        _moreToCome = false;
    }

    /// <summary>Steps that a checkpoint gave: they took no time of this run.</summary>
    public void Resumed(int steps) => _stepsOfOtherRuns += steps;

    /// <summary>Reports a finished step.</summary>
    public void Step(int stepsDone, int epoch, double loss, double? validationRecallAt10, bool isLast)
    {
        var elapsed = _clock.Elapsed;
        stepsDone = (int)Math.Min((long)stepsDone + _stepsBefore, _totalSteps);
        Volatile.Write(ref _state, new TrainingProgress(
            stepsDone, _totalSteps, epoch, loss, validationRecallAt10, elapsed, isLast && !_moreToCome ? TimeSpan.Zero : elapsed / Math.Max(1, stepsDone - _stepsOfOtherRuns) * (_totalSteps - stepsDone)));
        if (_progress is null || (!isLast && elapsed - _lastReport < ReportInterval))
            return;
        _lastReport = elapsed;
        _progress.Report(_state);
    }

    /// <summary>Reports how many samples of a frozen encoder have been encoded, before the first step.</summary>
    public void Features(string column, int done, int total)
    {
        var elapsed = _clock.Elapsed;
        if (done == total)
            Info($"Column '{column}': the frozen encoder's features of {total} samples are computed, {elapsed.TotalSeconds:F1} s after the start.");
        BeforeFirstStep();
    }

    /// <summary>Reports that time passes before the first step.</summary>
    public void BeforeFirstStep()
    {
        var elapsed = _clock.Elapsed;
        if (_progress is null || elapsed - _lastReport < ReportInterval)
            return;
        _lastReport = elapsed;
        _progress.Report(_state with { TotalSteps = _totalSteps, Elapsed = elapsed });
    }

    /// <summary>Reports how a closed-form teacher was fitted.</summary>
    public void Teacher(TeacherReport report)
    {
        Info($"Teacher: self-training {(report.UsesSelfTraining ? "on" : "off")}, spectral part {(report.UsesSpectral ? "on" : "off")}; {report.UnpairedA} unpaired samples of A and {report.UnpairedB} of B; width {report.NaturalDimension}, of which {report.KeptEnergy:P1} of the energy is kept.");
        if (report.LogRankOfPairsAlone is { } alone)
            Info($"Teacher's gate, mean log rank of held-out partners: pairs alone {alone:F3}, with self-training {report.LogRankOfSelfTraining:F3}, with the spectral part {report.LogRankOfSpectral:F3}; among the pairs' own samples {report.PairLogRankOfPairsAlone:F3} and {report.PairLogRankOfSelfTraining:F3}.");
    }

    /// <summary>Reports an epoch.</summary>
    public void Epoch(TrainingEpoch epoch)
    {
        _progressChannel.Checkpoint(epoch.Losses[LossTerm.Total], epoch.Step, epoch.Epoch);
        var terms = string.Join(", ", epoch.Losses.Select(term => string.Create(CultureInfo.InvariantCulture, $"{term.Key} {term.Value:G5}")));
        Trace($"Epoch {epoch.Epoch}, step {epoch.Step}: {terms}");
        if (epoch.Validation is { } validation)
        {
            Trace($"Epoch {epoch.Epoch}: validation recall@1 {validation.RecallAt1:P1}, @5 {validation.RecallAt5:P1}, @10 {validation.RecallAt10:P1}");
            Trace($"Epoch {epoch.Epoch}: validation mean log rank {validation.MeanLogRank:F4}");
        }
    }

    /// <summary>Closes the channels.</summary>
    public void Dispose()
    {
        _progressChannel.Dispose();
        _channel.Dispose();
    }
}
