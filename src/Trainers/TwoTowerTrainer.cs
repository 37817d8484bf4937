using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>The training loop of a two-tower model: mixed batches, the objective's named terms, AdamW, validation.</summary>
internal sealed class TwoTowerTrainer(
    GentleClipOptions options, RandomSource random, Device device, TrainingReporter reporter, Action checkCancelled,
    TrainingCheckpoints? checkpoints = null, TrainingPhase phase = TrainingPhase.Training)
{
    private const int StepsBetweenTrims = 100;

    /// <summary>Trains the model in place.</summary>
    /// <param name="model">Model on the training's device; its weights are the result.</param>
    /// <param name="data">Pairs and unpaired samples.</param>
    /// <param name="validation">Pairs to validate on, or null.</param>
    /// <param name="teacher">The teacher whose transport plans the towers follow, or null.</param>
    /// <returns>The epochs.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ArithmeticException">A loss term or the gradient is not finite.</exception>
    public IReadOnlyList<TrainingEpoch> Train(TwoTowerModel model, TrainingData data, ValidationSet? validation, ClosedFormAlignment? teacher = null)
    {
        FrozenFeatures.Compute(model, data, validation, device, reporter, checkCancelled);
        reporter.EndPhase();
        var plan = BatchPlan.Create(options, data.PairsA.Count, data.UnpairedA.Count, data.UnpairedB.Count);
        var sampler = new MixedBatchSampler(data, plan, random);
        var schedule = new LearningRateSchedule(options.LearningRate, options.MaximumNumberOfSteps, options.WarmupFraction);
        using var objective = ObjectiveFactory.Create(options).to(device);
        using var keywords = KeywordBatch.Create(options.Keywords, data, device);
        var follows = options.Objective.KlotWeight > 0 ? teacher : null;
        var noise = new NoiseSource(random.Torch("noise"));
        var fixedParameter = options.Objective.LearnTemperature ? null : TwoTowerModel.LogitScaleName;
        var trainable = model.named_parameters().Where(entry => entry.name != fixedParameter).Select(entry => entry.parameter);
        using var optimizer = new AdamW(trainable.Concat(objective.parameters()), options.WeightDecay);
        using var averaged = options.Objective.TransportPairWeight > 0 ? new AveragedTowers(model, options.Objective.AverageDecay, device) : null;
        using var best = new BestWeights();
        var recorder = new EpochRecorder();
        var history = new List<TrainingEpoch>();
        var samples = $"{plan.Pairs} pairs, {plan.UnpairedA} unpaired samples of A and {plan.UnpairedB} of B";
        reporter.Info($"Batches of {samples}; {plan.StepsPerEpoch} steps per epoch, at most {options.MaximumNumberOfSteps} steps, device {device}.");

        var live = new LiveTraining(model, objective, optimizer, averaged, best, recorder, history, sampler, random);
        var (done, isFinished) = checkpoints?.Resume(live) ?? (0, false);
        if (isFinished)
        {
            checkCancelled();
            return history;
        }
        CheckCancelled(live, done);
        reporter.Begin(phase, ProgressUnit.Steps, options.MaximumNumberOfSteps, done);
        for (var step = done; step < options.MaximumNumberOfSteps; step++)
        {
            CheckCancelled(live, step);
            using var scope = NewDisposeScope();
            sampler.Next();
            var a = data.A.Gather(sampler.PositionsA, device);
            var b = data.B.Gather(sampler.PositionsB, device);
            // What takes long without torch, such as the search for neighbouring residues, runs on other threads while a tower computes.
            var (firstA, firstB) = (model.TowerA.Prepare(a, noise), model.TowerB.Prepare(b, noise));
            var (secondA, secondB) = options.UsesSecondViews ? (model.TowerA.Prepare(a, noise), model.TowerB.Prepare(b, noise)) : (a, b);
            var averagedEmbeddings = averaged?.Embed(a, b);
            using var losses = objective.Compute(new ObjectiveInput
            {
                EmbeddingsA = model.TowerA.Embed(firstA, noise),
                EmbeddingsB = model.TowerB.Embed(firstB, noise),
                PositivesA = options.UsesSecondViews ? model.TowerA.Embed(secondA, noise) : null,
                PositivesB = options.UsesSecondViews ? model.TowerB.Embed(secondB, noise) : null,
                AveragedA = averagedEmbeddings?.A,
                AveragedB = averagedEmbeddings?.B,
                TeacherA = follows?.Embed(a.Vectors, AlignmentSide.A),
                TeacherB = follows?.Embed(b.Vectors, AlignmentSide.B),
                Keywords = keywords is null ? null : (keywords.BelongsToB ? model.TowerB : model.TowerA).Embed(keywords.Samples, noise),
                PairHasKeyword = keywords?.Indicators(sampler.Pairs),
                PseudoLabelRamp = ObjectiveFactory.Ramp(options.Objective, step, options.MaximumNumberOfSteps),
                NumberOfPairs = plan.Pairs,
                Step = step,
                NumberOfSteps = options.MaximumNumberOfSteps,
                LogScale = model.LogitScale,
            });
            var total = recorder.Add(losses, step);
            optimizer.ZeroGradients();
            losses.Total.backward();
            var learningRate = schedule.At(step);
            var gradientNorm = optimizer.Step(learningRate, options.GradientClipNorm);
            if (!double.IsFinite(gradientNorm))
                throw new ArithmeticException($"Training stopped at step {step}: the gradient of the loss is not finite. Lower the learning rate or the terms' weights, raise {nameof(options.SddBandwidth)}, or look for extreme values in the input columns.");
            LogitScale.Clamp(model.LogitScale);
            averaged?.Update(model);

            var epoch = step / plan.StepsPerEpoch;
            var stop = false;
            if ((step + 1) % plan.StepsPerEpoch == 0 || step + 1 == options.MaximumNumberOfSteps)
            {
                var temperature = Math.Exp(-model.LogitScale.item<float>());
                var entry = new TrainingEpoch(epoch, step + 1, recorder.Finish(), temperature, learningRate, Validate(model, validation));
                history.Add(entry);
                reporter.Epoch(entry);
                stop = entry.Validation is { MeanLogRank: { } score } && !best.Offer(model, score, epoch)
                    && epoch - best.Epoch >= options.EarlyStoppingPatience;
            }
            reporter.Step(step + 1, epoch, total, history.Count > 0 ? history[^1].Validation?.RecallAt10 : null);
            if ((step + 1) % StepsBetweenTrims == 0)
                NativeHeap.Trim();
            if (!stop)
                checkpoints?.AfterStep(live, step + 1);
            done = step + 1;
            if (stop)
            {
                reporter.Info($"Stopped early at step {step + 1}: no better validation for {options.EarlyStoppingPatience} epochs.");
                break;
            }
        }
        if (best.Score is not null)
        {
            best.Restore(model);
            reporter.Info($"Kept the weights of epoch {best.Epoch}, mean log rank {best.Score:F3} on {validation!.PairCount} validation pairs.");
        }
        checkpoints?.Write(live, done, isFinished: true);
        reporter.EndPhase();
        return history;
    }

    private ValidationRetrieval? Validate(TwoTowerModel model, ValidationSet? validation)
    {
        if (validation is null)
            return null;
        using var passing = reporter.Pass(TrainingPhase.Validating, ProgressUnit.Rows, validation.Rows);
        // In the middle of a step there is no state to go on from: where a cancelled training leaves a checkpoint, its validation ends first.
        return validation.Evaluate(model, device, rows =>
        {
            if (checkpoints is null)
                checkCancelled();
            reporter.At(rows);
        }, checkpoints is null ? options.CancellationToken : default);
    }

    private void CheckCancelled(LiveTraining live, int done)
    {
        try
        {
            checkCancelled();
        }
        catch (OperationCanceledException cancelled)
        {
            try
            {
                checkpoints?.Write(live, done, isFinished: false);
            }
            catch (IOException problem)
            {
                throw new OperationCanceledException($"{cancelled.Message} {problem.Message}", problem, cancelled.CancellationToken);
            }
            throw;
        }
    }
}
