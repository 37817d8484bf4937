using System.Diagnostics;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.Checkpoints;

/// <summary>Everything of a running training that a step changes.</summary>
internal sealed record LiveTraining(
    TwoTowerModel Model, GentleClipObjective Objective, AdamW Optimizer, AveragedTowers? Averaged, BestWeights Best, EpochRecorder Recorder, List<TrainingEpoch> History, MixedBatchSampler Sampler, RandomSource Random);

/// <summary>Writes and reads the checkpoints of one training.</summary>
/// <param name="folder">Where they are.</param>
/// <param name="training">0, or 1 for the second training of a guard.</param>
/// <param name="seed">Seed of the run.</param>
/// <param name="fingerprint">What the training is.</param>
/// <param name="options">When to write, how many to keep.</param>
/// <param name="reporter">Told what was read and written.</param>
internal sealed class TrainingCheckpoints(
    CheckpointFolder folder, int training, int seed, IReadOnlyDictionary<string, string> fingerprint, GentleClipOptions options, TrainingReporter reporter)
{
    private const string ModelPrefix = "model.", ObjectivePrefix = "objective.", OptimizerPrefix = "optimizer.", AveragePrefix = "average.", BestPrefix = "best.", RandomPrefix = "random.", SamplerPrefix = "sampler.";

    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();
    private int _last = -1;

    /// <summary>Brings a training to where its newest checkpoint was taken.</summary>
    /// <returns>Steps done, and whether these were all; (0, false) where there is none.</returns>
    /// <exception cref="InvalidOperationException">The checkpoint is of other rows or options; the message names what differs.</exception>
    public (int Step, bool IsFinished) Resume(LiveTraining live)
    {
        if (folder.Newest(training) is not { } newest)
            return (0, false);
        var (file, state, tensors) = newest;
        using (tensors)
        {
            var differences = CheckpointFingerprint.Differences(state.Fingerprint, fingerprint);
            if (differences.Count > 0 && !options.AllowCheckpointMismatch)
                throw new InvalidOperationException($"The checkpoint '{file}' is of another training: {string.Join("; ", differences)}. "
                    + $"Give this training a {nameof(GentleClipOptions.CheckpointDirectory)} of its own, delete that one, or set {nameof(GentleClipOptions.AllowCheckpointMismatch)} to go on from it all the same.");
            if (differences.Count > 0)
                reporter.Warning($"Going on from a checkpoint of another training: {string.Join("; ", differences)}.");
            Restore(live, file, state, tensors);
        }
        _last = state.Step;
        reporter.Info($"{(state.IsFinished ? "Took the finished training" : "Going on")} from step {state.Step}, checkpoint '{Path.GetFileName(file)}'.");
        // A training that was finished under other options has more to do.
        return (state.Step, state.IsFinished && state.Step <= options.MaximumNumberOfSteps);
    }

    /// <summary>Writes a checkpoint if it is time.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void AfterStep(LiveTraining live, int done)
    {
        if (done % options.CheckpointSteps == 0 || _sinceLast.Elapsed >= options.CheckpointInterval)
            Write(live, done, isFinished: false);
    }

    /// <summary>Writes a checkpoint, unless one of this step was the last.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(LiveTraining live, int done, bool isFinished)
    {
        if (done == _last && !isFinished)
            return;
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>();
        Add(ModelPrefix, live.Model.ChangingWeights());
        if (!isFinished)
        {
            Add(ObjectivePrefix, live.Objective.state_dict());
            Add(OptimizerPrefix, live.Optimizer.Moments);
            if (live.Averaged is not null)
                Add(AveragePrefix, live.Averaged.Weights);
            Add(BestPrefix, live.Best.Weights);
            Add(RandomPrefix, live.Random.GetState().Select(stream => KeyValuePair.Create(stream.Key, tensor(stream.Value, ScalarType.Byte))));
            Add(SamplerPrefix, live.Sampler.Cycles.Select(cycle => KeyValuePair.Create(cycle.Name, tensor(cycle.Cycle.State.Order, ScalarType.Int32))));
        }
        folder.Write(
            new CheckpointState(training, isFinished, done, seed, fingerprint, live.Optimizer.StepsTaken, live.Sampler.Cycles.ToDictionary(cycle => cycle.Name, cycle => cycle.Cycle.State.Position),
                live.Recorder.State, live.History, live.Best.Score, live.Best.Epoch),
            tensors, options.CheckpointsToKeep);
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
        if (state.IsFinished)
            return;
        Copy(ObjectivePrefix, live.Objective.state_dict());
        Copy(OptimizerPrefix, live.Optimizer.Moments);
        if (live.Averaged is not null)
            Copy(AveragePrefix, live.Averaged.Weights);
        live.Optimizer.StepsTaken = state.OptimizerSteps;
        live.Recorder.State = state.Terms;
        var device = live.Model.LogitScale.device;
        live.Best.SetState(state.BestScore, state.BestEpoch, Entries(BestPrefix).Select(entry => KeyValuePair.Create(entry.Key, entry.Value.to(device))));
        live.Random.SetState(Entries(RandomPrefix).ToDictionary(entry => entry.Key, entry => entry.Value.data<byte>().ToArray()));
        foreach (var (name, cycle) in live.Sampler.Cycles)
        {
            if (!tensors.TryGetValue(SamplerPrefix + name, out var order) || !cycle.TrySetState(order.data<int>().ToArray(), state.SamplerPositions[name]))
                reporter.Warning($"The order of '{name}' in the checkpoint is of other rows; it begins anew.");
        }

        IEnumerable<KeyValuePair<string, Tensor>> Entries(string prefix) =>
            tensors.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(entry => KeyValuePair.Create(entry.Key[prefix.Length..], entry.Value));

        void Copy(string prefix, IEnumerable<KeyValuePair<string, Tensor>> targets)
        {
            foreach (var (name, target) in targets)
            {
                if (!tensors.TryGetValue(prefix + name, out var value) || !value.shape.SequenceEqual(target.shape) || value.dtype != target.dtype)
                    throw new InvalidOperationException($"The checkpoint '{file}' does not fit this training: '{prefix + name}' is {(value is null ? "missing" : $"{value.dtype} [{string.Join(", ", value.shape)}]")}; expected {target.dtype} [{string.Join(", ", target.shape)}].");
                target.copy_(value);
            }
        }
    }
}
