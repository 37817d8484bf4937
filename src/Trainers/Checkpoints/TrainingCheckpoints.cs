using System.Diagnostics;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.Checkpoints;

/// <summary>Everything of a running training that a step changes.</summary>
internal sealed record LiveTraining(
    SidedModel Model, nn.Module? Loss, AdamW Optimizer, AveragedTowers? Averaged, BestWeights Best, EpochRecorder Recorder,
    List<TrainingEpoch> History, IEnumerable<(string Name, IndexCycle Cycle)> Cycles, RandomSource Random)
{
    /// <summary>The epochs of a fine-tuning, in the place of those of towers; null for towers.</summary>
    public List<FineTuningEpoch>? FineTuning { get; init; }

    /// <summary>What a step computes, by name: the weights, what the objectives keep, the optimiser's moments, the towers' average.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Tensors =>
        Named("model", Model.ChangingWeights()).Concat(Loss is null ? [] : Named("objective", Loss.state_dict()))
            .Concat(Named("optimizer", Optimizer.Moments)).Concat(Averaged is null ? [] : Named("average", Averaged.Weights));

    private static IEnumerable<KeyValuePair<string, Tensor>> Named(string prefix, IEnumerable<KeyValuePair<string, Tensor>> tensors) =>
        tensors.Select(entry => KeyValuePair.Create($"{prefix}.{entry.Key}", entry.Value));
}

/// <summary>Writes and reads the checkpoints of one training.</summary>
/// <param name="folder">Where they are.</param>
/// <param name="training">0, or 1 for the second training of a guard.</param>
/// <param name="seed">Seed of the run.</param>
/// <param name="fingerprint">What the training is.</param>
/// <param name="options">When to write, how many to keep.</param>
/// <param name="lastStep">Steps of the whole training.</param>
/// <param name="reporter">Told what was read and written.</param>
internal sealed class TrainingCheckpoints(
    CheckpointFolder folder, int training, int seed, IReadOnlyDictionary<string, string> fingerprint, CheckpointOptions options, int lastStep,
    TrainingReporter reporter)
{
    private const string ModelPrefix = "model.", ObjectivePrefix = "objective.", OptimizerPrefix = "optimizer.", AveragePrefix = "average.",
        BestPrefix = "best.", RandomPrefix = "random.", SamplerPrefix = "sampler.";

    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();
    private int _last = -1;

    /// <summary>Brings a training to where its newest checkpoint was taken.</summary>
    /// <returns>Steps done, and whether these were all; (0, false) where there is none.</returns>
    /// <exception cref="InvalidOperationException">The checkpoint is of other rows or options; the message names what differs.</exception>
    public (int Step, bool IsFinished) Resume(LiveTraining live)
    {
        if (!folder.Holds(training))
            return (0, false);
        reporter.Begin(TrainingPhase.RestoringCheckpoint);
        if (folder.Newest(training) is not { } newest)
            return (0, false);
        var (file, state, tensors) = newest;
        bool isFinished;
        using (tensors)
        {
            var differences = CheckpointFingerprint.Differences(state.Fingerprint, fingerprint);
            if (differences.Count > 0 && !options.AllowMismatch)
                throw new InvalidOperationException($"The checkpoint '{file}' is of another training: {string.Join("; ", differences)}. "
                    + $"Give this training a Checkpoints.Directory of its own, delete that one, or set "
                        + "Checkpoints.AllowMismatch to go on from it all the same.");
            if (differences.Count > 0)
                reporter.Warning($"Going on from a checkpoint of another training: {string.Join("; ", differences)}.");
            Restore(live, file, state, tensors);
            // A training that was finished under other options has more to do where these allow more steps.
            isFinished = state.IsFinished && (differences.Count == 0 || state.Step >= lastStep);
            if (state.IsFinished && !isFinished)
                reporter.Warning("That training was finished: its weights go on, its optimiser, samplers and random streams begin anew.");
        }
        _last = state.Step;
        reporter.Info($"{(isFinished ? "Took the finished training" : "Going on")} from step {state.Step}, checkpoint '{Path.GetFileName(file)}'.");
        return (state.Step, isFinished);
    }

    /// <summary>Writes a checkpoint if it is time.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void AfterStep(LiveTraining live, int done)
    {
        if (done % options.Steps == 0 || _sinceLast.Elapsed >= options.Interval)
            Write(live, done, isFinished: false);
    }

    /// <summary>Writes the result of a training. Where that fails, the log says so: the model need not be lost with its checkpoint.</summary>
    public void WriteFinished(LiveTraining live, int done)
    {
        try
        {
            Write(live, done, isFinished: true);
        }
        catch (IOException problem)
        {
            reporter.Warning($"{problem.Message} The training is finished all the same; only its last checkpoint is missing.");
        }
    }

    /// <summary>Writes a checkpoint, unless one of this step was the last.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(LiveTraining live, int done, bool isFinished)
    {
        if ((done == _last && !isFinished) || !folder.Writes)
            return;
        using var passing = reporter.Pass(TrainingPhase.SavingCheckpoint);
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>();
        Add(ModelPrefix, live.Model.ChangingWeights());
        if (!isFinished)
        {
            if (live.Loss is not null)
                Add(ObjectivePrefix, live.Loss.state_dict());
            Add(OptimizerPrefix, live.Optimizer.Moments);
            if (live.Averaged is not null)
                Add(AveragePrefix, live.Averaged.Weights);
            Add(BestPrefix, live.Best.Weights);
            Add(RandomPrefix, live.Random.GetState().Select(stream => KeyValuePair.Create(stream.Key, tensor(stream.Value, ScalarType.Byte))));
            Add(SamplerPrefix, live.Cycles.Select(cycle => KeyValuePair.Create(cycle.Name, tensor(cycle.Cycle.State.Order, ScalarType.Int32))));
        }
        folder.Write(
            new CheckpointState(training, isFinished, done, seed, fingerprint, live.Optimizer.StepsTaken,
                live.Cycles.ToDictionary(cycle => cycle.Name, cycle => cycle.Cycle.State.Position),
                live.Recorder.State, live.History, live.Best.Score, live.Best.Epoch, live.FineTuning),
            tensors, options.Keep);
        _last = done;
        _sinceLast.Restart();
        reporter.Trace($"Checkpoint of step {done} written.");

        void Add(string prefix, IEnumerable<KeyValuePair<string, Tensor>> entries)
        {
            foreach (var (name, value) in entries)
                tensors.Add(prefix + name, value);
        }
    }

    private void Restore(LiveTraining live, string file, CheckpointState state, StateDict tensors)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Copy(ModelPrefix, live.Model.ChangingWeights());
        live.History.Clear();
        live.History.AddRange(state.History);
        live.FineTuning?.Clear();
        live.FineTuning?.AddRange(state.FineTuning ?? []);
        if (state.IsFinished)
        {
            if (state.BestScore is not null)
                live.Best.SetState(state.BestScore, state.BestEpoch, live.Model.ChangingWeights());
            return;
        }
        if (live.Loss is not null)
            Copy(ObjectivePrefix, live.Loss.state_dict());
        Copy(OptimizerPrefix, live.Optimizer.Moments);
        if (live.Averaged is not null)
            Copy(AveragePrefix, live.Averaged.Weights);
        live.Optimizer.StepsTaken = state.OptimizerSteps;
        live.Recorder.State = state.Terms;
        var device = live.Model.parameters().First().device;
        live.Best.SetState(state.BestScore, state.BestEpoch,
            state.BestScore is null ? []
                : live.Model.ChangingWeights().Select(entry => KeyValuePair.Create(entry.Key, Fitting(BestPrefix + entry.Key, entry.Value).to(device))));
        RestoreStreams(live.Random,
            Entries(RandomPrefix).ToDictionary(entry => entry.Key, entry => Values<byte>(entry.Value, ScalarType.Byte, RandomPrefix + entry.Key)), file);
        foreach (var (name, cycle) in live.Cycles)
        {
            if (!tensors.TryGetValue(SamplerPrefix + name, out var order) || !state.SamplerPositions.TryGetValue(name, out var position)
                || !cycle.TrySetState(Values<int>(order, ScalarType.Int32, SamplerPrefix + name), position))
                reporter.Warning($"The order of '{name}' in the checkpoint is of other rows; it begins anew.");
        }

        IEnumerable<KeyValuePair<string, Tensor>> Entries(string prefix) =>
            tensors.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
                .Select(entry => KeyValuePair.Create(entry.Key[prefix.Length..], entry.Value));

        void Copy(string prefix, IEnumerable<KeyValuePair<string, Tensor>> targets)
        {
            foreach (var (name, target) in targets)
                target.copy_(Fitting(prefix + name, target));
        }

        Tensor Fitting(string name, Tensor target) =>
            tensors.TryGetValue(name, out var value) && value.shape.SequenceEqual(target.shape) && value.dtype == target.dtype
            ? value
            : throw DoesNotFit(file,
                $"'{name}' is {(value is null ? "missing" : $"{value.dtype} [{string.Join(", ", value.shape)}]")}; expected {target.dtype} "
                    + $"[{string.Join(", ", target.shape)}]");

        T[] Values<T>(Tensor value, ScalarType type, string name) where T : unmanaged => value.dtype == type && value.Dimensions == 1
            ? value.data<T>().ToArray()
            : throw DoesNotFit(file, $"'{name}' is {value.dtype} of {value.Dimensions} dimensions; expected {type} of one");
    }

    // A stream of numbers belongs to a kind of device.
    private void RestoreStreams(RandomSource random, Dictionary<string, byte[]> states, string file)
    {
        var open = random.GetState().Keys.ToHashSet(StringComparer.Ordinal);
        var foreign = states.Keys.Where(stream => stream.Contains(RandomSource.DeviceMark) && !open.Contains(stream)).ToArray();
        var anew = open.Where(stream => !states.ContainsKey(stream)).ToArray();
        if (foreign.Length > 0 || anew.Length > 0)
            reporter.Warning(
                $"The checkpoint's random streams are {string.Join(", ", states.Keys)}, this training's are {string.Join(", ", open)}: it was taken on "
                    + $"another device or with other options. What it lacks begins anew, so the weights will not be those of an undisturbed training bit for "
                        + $"bit.");
        foreach (var stream in foreign)
            states.Remove(stream);
        try
        {
            random.SetState(states);
        }
        catch (InvalidDataException problem)
        {
            throw DoesNotFit(file, problem.Message.TrimEnd('.'), problem);
        }
    }

    private static InvalidOperationException DoesNotFit(string file, string why, Exception? cause = null) =>
        new($"The checkpoint '{file}' does not fit this training: {why}.", cause);
}
