using System.Globalization;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Options;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// Tells the outside how a training goes, phase by phase: ML.NET's log and progress channels and the user's <see cref="IProgress{T}"/>.
/// </summary>
/// <remarks>On the training's thread, at once: what the user's handler throws ends the training.</remarks>
internal sealed class TrainingReporter : IDisposable
{
    private static readonly TimeSpan BetweenReports = TimeSpan.FromMilliseconds(100), BetweenLines = TimeSpan.FromSeconds(5);

    // A validation or checkpoint that was over so soon is not announced the next time.
    private static readonly TimeSpan Noticeable = TimeSpan.FromMilliseconds(500);

    private readonly IChannel _channel;
    private readonly IProgressChannel _progressChannel;
    private readonly IProgress<TrainingProgress>? _progress;
    private readonly TimeProvider _clock;
    private readonly long _start;
    private readonly Dictionary<TrainingPhase, TimeSpan> _lastDurations = [];

    private RunningPhase? _phase, _passing;
    private TimeSpan _lastReport = -BetweenReports, _lastLine;
    private int _stepsOfEach, _totalSteps, _stepsBefore, _step, _epoch;
    private double? _loss, _validationRecallAt10, _validationLoss;
    private bool _moreToCome, _handlerFailed;
    private readonly int? _quietRank;
    private TrainingProgress _state = new(TrainingPhase.Starting, 0, null, ProgressUnit.None, TimeSpan.Zero);

    /// <summary>Starts reporting a <c>Fit</c>.</summary>
    /// <param name="host">Whose log and progress channels are written to.</param>
    /// <param name="progress">The user's handler, or null.</param>
    /// <param name="clock">Null: the system's.</param>
    /// <param name="group">Processes that train together, of which rank 0 reports; null for one.</param>
    public TrainingReporter(IHost host, IProgress<TrainingProgress>? progress, TimeProvider? clock = null, ProcessGroup? group = null)
    {
        _quietRank = group is { Rank: > 0 and var rank } ? rank : null;
        if (_quietRank is not null)
            progress = null;
        _progress = progress;
        _clock = clock ?? TimeProvider.System;
        _start = _clock.GetTimestamp();
        _channel = host.Start("Training");
        _progressChannel = host.StartProgressChannel("Training");
        _progressChannel.SetHeader(new ProgressHeader(["loss"], ["steps", "epochs"]), entry =>
        {
            // Called from a timer's thread; the record is replaced as a whole.
            var state = Volatile.Read(ref _state);
            entry.SetProgress(0, state.Step, state.TotalSteps);
            entry.SetProgress(1, state.Epoch);
            if (state.Loss is { } loss)
                entry.SetMetric(0, loss);
        });
    }

    private TimeSpan Elapsed => _clock.GetElapsedTime(_start);

    /// <summary>An informational log message.</summary>
    public void Info(FormattableString message) => Log(message.ToString(CultureInfo.InvariantCulture));

    /// <summary>A detail of the log.</summary>
    public void Trace(FormattableString message)
    {
        if (_quietRank is null)
            _channel.Trace(MessageSensitivity.None, message.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>A warning that every process of a group would give.</summary>
    public void Warning(string message)
    {
        if (_quietRank is null)
            _channel.Warning(MessageSensitivity.None, message);
    }

    /// <summary>A warning about this process, or its machine, alone.</summary>
    public void OwnWarning(string message) => _channel.Warning(MessageSensitivity.None, _quietRank is { } rank ? $"Rank {rank}: {message}" : message);

    /// <summary>Sets the number of steps to come.</summary>
    /// <param name="steps">Steps of a training; 0 where nothing is trained.</param>
    /// <param name="trainings">How many trainings follow each other.</param>
    public void Plan(int steps, int trainings)
    {
        _stepsOfEach = steps;
        _totalSteps = (int)Math.Min((long)steps * trainings, int.MaxValue);
        _moreToCome = trainings > 1;
    }

    /// <summary>The last training begins; its steps count from those planned for the one before.</summary>
    public void LastTraining() => (_stepsBefore, _moreToCome, _validationRecallAt10) = (_stepsOfEach, false, null);

    /// <summary>Begins a phase; the one before has ended with it.</summary>
    /// <param name="phase">Which.</param>
    /// <param name="unit">What it counts.</param>
    /// <param name="total">How many there are, or null.</param>
    /// <param name="done">How many a checkpoint had done.</param>
    /// <param name="column">The column that it is about, or null.</param>
    /// <param name="work">All its work, where its units take unequal time.</param>
    public void Begin(TrainingPhase phase, ProgressUnit unit = ProgressUnit.None, long? total = null, long done = 0, string? column = null, double? work = null)
    {
        EndPhase();
        var now = Elapsed;
        _phase = new RunningPhase(phase, unit, total, done, column, now, work);
        _lastLine = now;
        Log(_phase.Beginning);
        if (_phase.Trains)
            _step = (int)Math.Min(done + _stepsBefore, _totalSteps);
        Report(_phase, now);
        // The first sign of progress is reported however soon it comes.
        _lastReport = now - BetweenReports;
    }

    /// <summary>Reports how far the phase is.</summary>
    /// <param name="done">In its unit.</param>
    /// <param name="workDone">Where its units take unequal time: the work done.</param>
    public void At(long done, double? workDone = null)
    {
        if ((_passing ?? _phase) is not { } phase)
            return;
        var now = Elapsed;
        phase.At(done, workDone, now);
        if (now - _lastLine >= BetweenLines)
        {
            _lastLine = now;
            Log($"{State(phase, now)}.");
        }
        if (_progress is not null && now - _lastReport >= BetweenReports)
            Report(phase, now);
    }

    /// <summary>Ends the phase, if there is one: all that it has done is done.</summary>
    public void EndPhase()
    {
        if (_phase is not { } phase)
            return;
        _phase = null;
        var now = Elapsed;
        Log(phase.End(now));
        if (phase.Unit != ProgressUnit.None)
            Report(phase, now, isOver: true);
    }

    /// <summary>A phase between the steps of another, which goes on when the result is disposed. It is in the log where it takes long.</summary>
    public Passing Pass(TrainingPhase phase, ProgressUnit unit = ProgressUnit.None, long? total = null)
    {
        var now = Elapsed;
        _passing = new RunningPhase(phase, unit, total, 0, null, now, null);
        if (_lastDurations.GetValueOrDefault(phase, Noticeable) >= Noticeable)
            Report(_passing, now);
        return new Passing(this);
    }

    /// <summary>Reports a finished step.</summary>
    public void Step(int stepsDone, int epoch, double loss, double? validationRecallAt10, double? validationLoss = null)
    {
        _step = (int)Math.Min((long)stepsDone + _stepsBefore, _totalSteps);
        (_epoch, _loss, _validationRecallAt10, _validationLoss) = (epoch, loss, validationRecallAt10, validationLoss);
        At(stepsDone);
    }

    /// <summary>Reports a finished iteration of a solver.</summary>
    public void Iteration(int done, double loss)
    {
        _loss = loss;
        At(done);
    }

    /// <summary>Takes note of a validation that is not one of the loop's.</summary>
    public void Validated(ValidationRetrieval retrieval) => _validationRecallAt10 = retrieval.RecallAt10;

    /// <summary>Reports how far a closed form is.</summary>
    public void Alignment(AlignmentProgress progress)
    {
        if (_phase?.Phase != progress.Phase)
            Begin(progress.Phase, progress.Unit, progress.Total);
        At(progress.Done);
        if (progress.PseudoPairs is { } pseudoPairs)
            Trace($"Closed form: {ProgressText.Amount(progress.Done, progress.Total, progress.Unit)}, {pseudoPairs} pseudo-pairs.");
    }

    /// <summary>The last report, of a model that is fitted.</summary>
    public void Finish()
    {
        EndPhase();
        Last(TrainingPhase.Finished);
    }

    /// <summary>The last report, of a training that an exception ends. It throws nothing itself.</summary>
    public void Stop()
    {
        var now = Elapsed;
        var phase = _passing ?? _phase;
        (_phase, _passing) = (null, null);
        try
        {
            Log(phase is null ? $"Stopped after {ProgressText.Time(now)}." : $"Stopped. {State(phase, now)}.");
            if (!_handlerFailed)
                Last(TrainingPhase.Stopped);
        }
        catch (Exception)
        {
            // What ends the training came first.
        }
    }

    /// <summary>Reports how a closed form was fitted.</summary>
    public void ClosedForm(ClosedFormReport report)
    {
        foreach (var line in report.ToString().ReplaceLineEndings("\n").Split('\n').Skip(1))
            Log($"Closed form: {line.Trim()}");
    }

    private static string Figure(double? value) => value?.ToString("F3", CultureInfo.InvariantCulture) ?? "not tried";

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

    /// <summary>Reports an epoch of a fine-tuning.</summary>
    public void Epoch(FineTuningEpoch epoch)
    {
        _progressChannel.Checkpoint(epoch.Loss, epoch.Step, epoch.Epoch);
        Trace($"{epoch}");
    }

    /// <summary>Closes the channels.</summary>
    public void Dispose()
    {
        _progressChannel.Dispose();
        _channel.Dispose();
    }

    private void Log(string message)
    {
        if (_quietRank is null)
            _channel.Info(MessageSensitivity.None, message);
    }

    private TrainingProgress State(RunningPhase phase, TimeSpan now) => new(phase.Phase, phase.Done, phase.Total, phase.Unit, now)
    {
        ColumnName = phase.Column,
        Remaining = phase.Remaining(),
        RemainingInFit = _phase is { Trains: true } ? _phase.Remaining(_moreToCome ? _stepsOfEach : 0) : null,
        Step = _step,
        TotalSteps = _totalSteps,
        Epoch = _epoch,
        Loss = phase.Trains || phase.Unit == ProgressUnit.Iterations ? _loss : null,
        ValidationRecallAt10 = _validationRecallAt10,
        ValidationLoss = _validationLoss,
    };

    private void Report(RunningPhase phase, TimeSpan now, bool isOver = false)
    {
        var state = State(phase, now);
        if (isOver)
            state = state with { Remaining = TimeSpan.Zero, RemainingInFit = phase.Trains && !_moreToCome ? TimeSpan.Zero : null };
        Send(state);
        _lastReport = now;
        if (isOver)
            _loss = null;
    }

    private void Last(TrainingPhase phase)
    {
        var now = Elapsed;
        if (phase == TrainingPhase.Finished)
            Log($"Finished after {ProgressText.Time(now)}.");
        Send(new TrainingProgress(phase, 0, null, ProgressUnit.None, now)
        {
            Remaining = TimeSpan.Zero,
            RemainingInFit = TimeSpan.Zero,
            Step = _step,
            TotalSteps = _totalSteps,
            Epoch = _epoch,
            ValidationRecallAt10 = _validationRecallAt10,
            ValidationLoss = _validationLoss,
        });
    }

    private void Send(TrainingProgress state)
    {
        Volatile.Write(ref _state, state);
        try
        {
            _progress?.Report(state);
        }
        catch
        {
            _handlerFailed = true;
            throw;
        }
    }

    private void EndPassing()
    {
        if (_passing is not { } passing)
            return;
        _passing = null;
        var now = Elapsed;
        _lastDurations[passing.Phase] = now - passing.Begun;
        if (now - passing.Begun >= BetweenLines)
            Log(passing.End(now));
    }

    /// <summary>See <see cref="Pass"/>.</summary>
    public readonly struct Passing(TrainingReporter reporter) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => reporter.EndPassing();
    }
}
