using System.Runtime.ExceptionServices;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers.Checkpoints;
using Microsoft.ML.GentleClip.Trainers.Sharding;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>The training loop of a two-tower model: mixed batches, the objectives' named terms, AdamW, validation.</summary>
internal sealed class TwoTowerTrainer(
    TrainingPlan plan, RandomSource random, Device device, TrainingReporter reporter, Action checkCancelled,
    TrainingCheckpoints? checkpoints = null, TrainingPhase phase = TrainingPhase.Training)
{
    private readonly GentleClipOptions _options = plan.Options;

    private const int StepsBetweenTrims = 100;

    /// <summary>Trains the model in place.</summary>
    /// <param name="model">Model on the training's device; its weights are the result.</param>
    /// <param name="data">Pairs and unpaired samples.</param>
    /// <param name="validation">Pairs to validate on, or null.</param>
    /// <param name="closedForm">The closed form whose transport plans the towers follow, or null.</param>
    /// <returns>The epochs.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ArithmeticException">A loss term or the gradient is not finite.</exception>
    public IReadOnlyList<TrainingEpoch> Train(TwoTowerModel model, TrainingData data, ValidationSet? validation, ClosedFormAlignment? closedForm = null)
    {
        var batches = plan.Batches ?? throw new ArgumentException("The plan trains no towers.");
        var sharding = BatchSharding.Of(_options);
        var sampler = new MixedBatchSampler(data, batches, random, sharding.Shards);
        var schedule = new LearningRateSchedule(_options.Optimizer.LearningRate, plan.Steps, _options.Optimizer.WarmupFraction);
        var needs = plan.Objectives.Needs;
        var share = sharding.IsOn ? new PairShare(sharding.Shards, sharding.Group) : null;
        using var loss = new TotalLoss(plan.Objectives, share: share).to(device);
        using var keywords = KeywordBatch.Create(needs.Keywords, data.PairKeywords, device);
        var follows = needs.ClosedForm ? closedForm : null;
        var fixedParameter = _options.LearnTemperature ? null : TwoTowerModel.LogitScaleName;
        var trainable = model.named_parameters().Where(entry => entry.name != fixedParameter).Select(entry => entry.parameter);
        using var optimizer = new AdamW(trainable.Concat(loss.parameters()), _options.Optimizer.WeightDecay);
        using var averaged = needs.AverageDecay is { } decay ? new AveragedTowers(model, decay, device) : null;
        using var viewedTwice = new ViewedTwice(sampler, needs, device);
        using var sharded = sharding.IsOn
            ? new ShardedStep(model, data, sampler, needs, viewedTwice, averaged, keywords, follows, sharding, random, device)
            : null;
        var noise = sharded is null ? new NoiseSource(random.Torch("noise")) : null; // the shards' noise has no state
        using var best = new BestWeights();
        var recorder = new EpochRecorder();
        var history = new List<TrainingEpoch>();
        var samples = $"{batches.Pairs} pairs, {batches.UnpairedA} unpaired samples of A and {batches.UnpairedB} of B";
        reporter.Info($"Batches of {samples}; {batches.StepsPerEpoch} steps per epoch, at most {plan.Steps} steps, device {device}.");

        var live = new LiveTraining(model, loss, optimizer, averaged, best, recorder, history, sampler.Cycles, random);
        var (done, isFinished) = checkpoints?.Resume(live) ?? (0, false);
        WeightCasts.Forget();
        if (isFinished)
        {
            CheckCancelled(live, done, sharding.Group);
            return history;
        }
        CheckCancelled(live, done, sharding.Group);
        // A batch is drawn when the step before has drawn all its noise: the streams give what they would give without.
        var drawsNoise = sharded is null && (Draws(model.TowerA, data.A.Store) || Draws(model.TowerB, data.B.Store));
        using var reader = new BatchReader<StepBatch>(random, [.. sampler.Cycles.Select(cycle => cycle.Cycle)], drawsNoise, Draw);
        var warned = false;
        reporter.Begin(phase, ProgressUnit.Steps, plan.Steps, done);
        for (var step = done; step < plan.Steps; step++)
        {
            CheckCancelled(live, step, sharding.Group);
            using var scope = NewDisposeScope();
            using var rows = reader.Take(step);
            var total = 0d;
            if (sharded is not null)
            {
                optimizer.ZeroGradients();
                sharded.Run(step, rows, batch => Descend(batch, zeroes: false));
            }
            else
            {
                using var a = rows.Whole!.Value.A.Take().To(device);
                using var b = rows.Whole!.Value.B.Take().To(device);
                Descend(Embed(a, b, rows.Pairs), zeroes: true);
            }
            var learningRate = schedule.At(step);
            var gradientNorm = optimizer.Step(learningRate, _options.Optimizer.GradientClipNorm);
            if (!double.IsFinite(gradientNorm))
                throw new ArithmeticException(
                    $"Training stopped at step {step}: the gradient of the loss is not finite. Lower the learning rate or the terms' weights, "
                    + $"raise the {nameof(SddObjective.Bandwidth)} of {nameof(SddObjective)}, or look for extreme values in the input columns.");
            LogitScale.Clamp(model.LogitScale);
            averaged?.Update(model);
            WeightCasts.Forget();

            var epoch = step / batches.StepsPerEpoch;
            var stop = false;
            if ((step + 1) % batches.StepsPerEpoch == 0 || step + 1 == plan.Steps)
            {
                if (sharding.Group.Synchronize(live.Tensors, "comparing the weights") && !warned)
                {
                    warned = true;
                    reporter.Warning($"At step {step + 1} the processes' weights differ: their processors, libtorch or numbers of threads do. Those of rank 0 "
                        + "are taken, now and after each epoch; the weights will not be those of another number of processes bit for bit.");
                }
                var temperature = Math.Exp(-model.LogitScale.item<float>());
                var entry = new TrainingEpoch(epoch, step + 1, recorder.Finish(), temperature, learningRate, Validate(model, data, validation));
                history.Add(entry);
                reporter.Epoch(entry);
                stop = entry.Validation is { MeanLogRank: { } score } && !best.Offer(model, score, epoch)
                    && epoch - best.Epoch >= _options.Validation.EarlyStoppingPatience;
            }
            reporter.Step(step + 1, epoch, total, history.Count > 0 ? history[^1].Validation?.RecallAt10 : null);
            if ((step + 1) % StepsBetweenTrims == 0)
                NativeHeap.Trim();
            if (!stop)
                checkpoints?.AfterStep(live, step + 1);
            done = step + 1;
            if (stop)
            {
                reporter.Info($"Stopped early at step {step + 1}: no better validation for {_options.Validation.EarlyStoppingPatience} epochs.");
                break;
            }

            ObjectiveInput Embed(TowerBatch a, TowerBatch b, int[] pairs)
            {
                var averagedEmbeddings = averaged?.Embed(a.Whole, b.Whole);
                return new ObjectiveInput
                {
                    EmbeddingsA = model.TowerA.Embed(a.Views[0], noise),
                    EmbeddingsB = model.TowerB.Embed(b.Views[0], noise),
                    SecondViewsA = needs.SecondViews ? model.TowerA.Embed(a.Views[1], noise) : null,
                    SecondViewsB = needs.SecondViews ? model.TowerB.Embed(b.Views[1], noise) : null,
                    ViewedTwice = viewedTwice.Rows,
                    AveragedA = averagedEmbeddings?.A,
                    AveragedB = averagedEmbeddings?.B,
                    ClosedFormA = follows?.Embed(a.Examples.AlignedRows, Side.A),
                    ClosedFormB = follows?.Embed(b.Examples.AlignedRows, Side.B),
                    Keywords = keywords is null ? null : (keywords.Side == Side.A ? model.TowerA : model.TowerB).Embed(keywords.Samples, noise),
                    PairHasKeyword = keywords?.Indicators(pairs),
                    NumberOfPairs = batches.Pairs,
                    LogScale = model.LogitScale,
                };
            }

            void Descend(ObjectiveInput batch, bool zeroes)
            {
                if (step + 1 < plan.Steps)
                    reader.Begin(step + 1);
                using var losses = loss.Compute(batch with { Step = step, NumberOfSteps = plan.Steps });
                total = recorder.Add(losses, step);
                if (zeroes)
                    optimizer.ZeroGradients();
                losses.Total.backward();
            }
        }
        if (best.Score is not null)
        {
            best.Restore(model);
            WeightCasts.Forget();
            reporter.Info($"Kept the weights of epoch {best.Epoch}, mean log rank {best.Score:F3} on {validation!.PairCount} validation pairs.");
        }
        else
            MeasureStatistics(live, model, data, done, sharding.Group);
        FiniteWeights.Check(model, done);
        checkpoints?.WriteFinished(live, done);
        reporter.EndPhase();
        return history;

        StepBatch Draw(int step)
        {
            sampler.Next();
            var batch = new StepBatch(Sides<int[]>.Of(side => sampler.Positions(side).ToArray()), sampler.Pairs.ToArray());
            if (sharded is not null)
                return batch with { FirstShard = sharded.OpenFirst(step, batch.Positions) };
            var (a, b) = (model.TowerA.Work(data.A.Store, batch.Positions.A), model.TowerB.Work(data.B.Store, batch.Positions.B));
            a.AddView(noise);
            b.AddView(noise);
            if (needs.SecondViews)
            {
                a.AddView(noise, viewedTwice.Some(Side.A, batch.Positions.A));
                b.AddView(noise, viewedTwice.Some(Side.B, batch.Positions.B));
            }
            return batch with { Whole = new(a.Begin(), b.Begin()) };
        }

        static bool Draws(Tower tower, ExampleStore examples) => tower.PreparesWithNoise && !examples.HasFeatures;
    }

    // What is judged is what would be kept: weights with the statistics that belong to them, which a training's steps do not look at.
    private ValidationRetrieval? Validate(TwoTowerModel model, TrainingData data, ValidationSet? validation)
    {
        if (validation is null)
            return null;
        var statistics = RunningStatistics.Of(model, data);
        var measured = RunningStatistics.Samples(statistics);
        using var passing = reporter.Pass(TrainingPhase.Validating, ProgressUnit.Rows, measured + validation.Rows);
        // In the middle of a step there is no state to go on from, and a process that left would leave the others waiting: where a cancelled training writes
        // a checkpoint or has company, its validation ends first.
        var asks = checkpoints is null && !BatchSharding.Of(_options).Group.IsShared();
        RunningStatistics.Measure(statistics, device, OnRows);
        var retrieval = validation.Evaluate(model, device, rows => OnRows(measured + rows), asks ? _options.CancellationToken : default);
        WeightCasts.Forget(); // made in inference mode, where no gradient may go through them
        return retrieval;

        void OnRows(int rows)
        {
            if (asks)
                checkCancelled();
            reporter.At(rows);
        }
    }

    private void MeasureStatistics(LiveTraining live, TwoTowerModel model, TrainingData data, int done, ProcessGroup group)
    {
        var statistics = RunningStatistics.Of(model, data);
        if (statistics.Count == 0)
            return;
        reporter.Begin(TrainingPhase.MeasuringStatistics, ProgressUnit.Rows, RunningStatistics.Samples(statistics));
        RunningStatistics.Measure(statistics, device, rows =>
        {
            // Processes have different numbers of passes: those of several ask each other at the end.
            if (!group.IsShared())
                CheckCancelled(live, done, group);
            reporter.At(rows);
        });
        CheckCancelled(live, done, group);
    }

    // All processes stop, or none: any of them may be cancelled.
    private void CheckCancelled(LiveTraining live, int done, ProcessGroup group)
    {
        OperationCanceledException? cancelled = null;
        try
        {
            checkCancelled();
        }
        catch (OperationCanceledException own)
        {
            cancelled = own;
        }
        if (group.IsShared() && group.Any(cancelled is not null, "asking whether to go on"))
            cancelled = new StoppedTogetherException(cancelled?.Message ?? "The training was cancelled in another process.", cancelled);
        if (cancelled is null)
            return;
        try
        {
            checkpoints?.Write(live, done, isFinished: false);
        }
        catch (IOException problem)
        {
            throw new OperationCanceledException($"{cancelled.Message} {problem.Message}", problem, cancelled.CancellationToken);
        }
        ExceptionDispatchInfo.Throw(cancelled);
    }
}
