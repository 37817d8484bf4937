using System.Globalization;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers.Checkpoints;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.FineTuning;

/// <summary>The training loop of a fine-tuning: batches of labelled rows, AdamW with a rate for the head and one for the encoders, validation.</summary>
/// <param name="options">Steps, rates, patience.</param>
/// <param name="shareOfRate">What the learning rate of a side's encoder is of the head's.</param>
/// <param name="random">Source of everything random.</param>
/// <param name="device">Where the model lives.</param>
/// <param name="reporter">Told how it goes.</param>
/// <param name="checkCancelled">Throws to stop.</param>
/// <param name="checkpoints">Where the state goes, or null.</param>
internal sealed class FineTuner(
    FineTuningOptions options, Func<Side, double> shareOfRate, RandomSource random, Device device, TrainingReporter reporter, Action checkCancelled,
    TrainingCheckpoints? checkpoints)
{
    private const int StepsBetweenTrims = 100, SmallestEpoch = 20;

    // Enough for moments to a few per cent, where each row costs a pass through an encoder.
    private const int RowsOfMoments = 1024;

    /// <summary>Steps of an epoch: as many as show each row once, and at least 20.</summary>
    public static int StepsPerEpoch(int rows, int batchSize) => Math.Max(SmallestEpoch, (rows + batchSize - 1) / batchSize);

    /// <summary>Trains the model in place.</summary>
    /// <param name="model">On the device; its weights are the result.</param>
    /// <param name="loss">Of the model.</param>
    /// <param name="train">What to train on.</param>
    /// <param name="validation">What to validate on, or null.</param>
    /// <param name="solveHead">Solves the head before the first step and says what came of it; null where it begins as it is.</param>
    /// <returns>The epochs.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ArithmeticException">The loss or the gradient is not finite.</exception>
    public IReadOnlyList<FineTuningEpoch> Train(
        FineTunedModel model, FineTuningLoss loss, FineTuningSet train, FineTuningSet? validation, Func<FineTuningEpoch>? solveHead)
    {
        var batchSize = Math.Min(options.Batches.Size, train.Count);
        var stepsPerEpoch = StepsPerEpoch(train.Count, batchSize);
        var cycle = new IndexCycle(train.Rows, random.Managed("sampler/rows"));
        var schedule = new LearningRateSchedule(options.Optimizer.LearningRate, options.MaximumNumberOfSteps, options.Optimizer.WarmupFraction);
        var noise = new NoiseSource(random.Torch("noise"));
        var named = model.named_parameters().ToList();
        var shares = named.ToDictionary(
            entry => (object)entry.parameter, entry => FineTunedModel.SideOf(entry.name) is { } side ? shareOfRate(side) : 1,
            ReferenceEqualityComparer.Instance);
        using var optimizer = new AdamW(named.Select(entry => entry.parameter), options.Optimizer.WeightDecay, parameter => shares[parameter]);
        using var best = new BestWeights();
        var recorder = new EpochRecorder();
        var history = new List<FineTuningEpoch>();
        reporter.Info(
            $"Batches of {batchSize} of {train.Count} rows; {stepsPerEpoch} steps per epoch, at most {options.MaximumNumberOfSteps} steps, device {device}.");

        var live = new LiveTraining(model, null, optimizer, null, best, recorder, [], [("rows", cycle)], random) { FineTuning = history };
        var (done, isFinished) = checkpoints?.Resume(live) ?? (0, false);
        WeightCasts.Forget();
        if (isFinished)
        {
            checkCancelled();
            return history;
        }
        CheckCancelled(live, done);
        if (solveHead is not null && done == 0 && history.Count == 0)
        {
            var start = solveHead();
            history.Add(start);
            reporter.Epoch(start);
            if (start.ValidationLoss is { } score)
                best.Offer(model, score, start.Epoch);
        }
        if (solveHead is not null && model.Towers.All(side => side.Tower.IsFrozen))
        {
            reporter.Info($"All encoders are frozen: the solved head is the result, and no steps are taken.");
            checkpoints?.WriteFinished(live, done);
            return history;
        }
        var rates = model.Towers.Where(side => !side.Tower.IsFrozen).Select(side => string.Create(
            CultureInfo.InvariantCulture,
            $", {options.Optimizer.LearningRate * shareOfRate(side.Side):g3} for the encoder of column '{model.SpecOf(side.Side).Modality.InputColumnName}'"));
        reporter.Info($"Learning rate {options.Optimizer.LearningRate.ToString("g3", CultureInfo.InvariantCulture)} for the head{string.Concat(rates)}.");
        reporter.Begin(TrainingPhase.Training, ProgressUnit.Steps, options.MaximumNumberOfSteps, done);
        var drawsNoise = model.Towers.Index().Any(side => side.Item.Tower.PreparesWithNoise && !train.Stores[side.Index].HasFeatures);
        using var reader = new BatchReader<RowBatch>(random, [cycle], drawsNoise, _ =>
        {
            var drawn = new int[batchSize];
            cycle.Draw(drawn);
            return Begin(model, train, drawn, noise);
        });
        for (var step = done; step < options.MaximumNumberOfSteps; step++)
        {
            CheckCancelled(live, step);
            using var scope = NewDisposeScope();
            using var rows = reader.Take(step);
            var outputs = model.Outputs(Features(model, rows, noise), noise, options.Dropout);
            if (step + 1 < options.MaximumNumberOfSteps)
                reader.Begin(step + 1);
            var (sum, weight) = loss.Sums(outputs, Labels(train, rows.Rows, device));
            var mean = sum / weight;
            var value = mean.item<float>();
            recorder.Add(value, step);
            optimizer.ZeroGradients();
            mean.backward();
            var learningRate = schedule.At(step);
            if (!double.IsFinite(optimizer.Step(learningRate, options.Optimizer.GradientClipNorm)))
                throw new ArithmeticException(
                    $"Training stopped at step {step}: the gradient of the loss is not finite. Lower the learning rates, or look for extreme values in the "
                    + "input columns.");

            WeightCasts.Forget();
            var epoch = step / stepsPerEpoch;
            var stop = false;
            if ((step + 1) % stepsPerEpoch == 0 || step + 1 == options.MaximumNumberOfSteps)
            {
                var found = Validate(model, loss, train, validation, step);
                var entry = new FineTuningEpoch(epoch, step + 1, recorder.Finish()[LossTerm.Total], learningRate, found?.Loss, found?.Score);
                history.Add(entry);
                reporter.Epoch(entry);
                stop = found is { Loss: var score } && !best.Offer(model, score, epoch) && epoch - best.Epoch >= options.Validation.EarlyStoppingPatience;
            }
            reporter.Step(step + 1, epoch, value, null, history.Count > 0 ? history[^1].ValidationLoss : null);
            if ((step + 1) % StepsBetweenTrims == 0)
                NativeHeap.Trim();
            if (!stop)
                checkpoints?.AfterStep(live, step + 1);
            done = step + 1;
            if (stop)
            {
                reporter.Info($"Stopped early at step {step + 1}: no better validation for {options.Validation.EarlyStoppingPatience} epochs.");
                break;
            }
        }
        if (best.Score is not null)
        {
            best.Restore(model);
            WeightCasts.Forget();
            reporter.Info($"Kept {Name(best.Epoch)}, loss {best.Score:F4} on {validation!.Count} validation rows.");
        }
        else
            MeasureStatistics(live, model, train, done);
        FiniteWeights.Check(model, done);
        checkpoints?.WriteFinished(live, done);
        reporter.EndPhase();
        return history;
    }

    /// <summary>Fixes what the head sees of the features: mean 0 and standard deviation 1 over rows of the training, in the mode they are trained in.</summary>
    public void Standardize(FineTunedModel model, FineTuningSet train)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        var rows = train.Rows.ToArray();
        if (!model.Towers.All(side => side.Tower.IsFrozen) && rows.Length > RowsOfMoments)
        {
            random.Managed("standardization/rows").Shuffle(rows.AsSpan());
            rows = rows[..RowsOfMoments];
        }
        var noise = new NoiseSource(random.Torch("standardization/noise"));
        var moments = new FeatureMoments(model.FeatureDimension, device);
        foreach (var batch in rows.Chunk(options.Batches.Size))
        {
            checkCancelled();
            using var inner = NewDisposeScope();
            using var begun = Begin(model, train, batch, noise);
            moments.Add(cat([.. Features(model, begun, noise)], 1).to(ScalarType.Float64));
        }
        model.SetStandardization(moments.Mean, moments.Scale);
    }

    private static RowBatch Begin(FineTunedModel model, FineTuningSet set, int[] rows, NoiseSource noise)
    {
        // Begun together: what one side has begun would be lost where drawing the other's noise fails.
        var work = model.Towers.Select((side, number) =>
        {
            var own = side.Tower.Work(set.Stores[number], rows);
            own.AddView(side.Tower.IsFrozen ? null : noise);
            return own;
        }).ToList();
        return new RowBatch(rows, work.ConvertAll(own => own.Begin()));
    }

    private List<Tensor> Features(FineTunedModel model, RowBatch rows, NoiseSource noise)
    {
        var features = new List<Tensor>();
        foreach (var (number, side) in model.Towers.Index())
            features.Add(side.Tower.Encode(rows.Take(number, device).Views[0], noise));
        return features;
    }

    private static string Name(int epoch) => epoch < 0 ? "the solved head, as no epoch was better"
        : string.Create(CultureInfo.InvariantCulture, $"the weights of epoch {epoch}");

    /// <summary>Labels as they are read, `[rows, width]`.</summary>
    public static Tensor Labels(FineTuningSet set, ReadOnlySpan<int> rows, Device device)
    {
        var width = set.Labels[0].Length;
        var values = new float[rows.Length * width];
        for (var i = 0; i < rows.Length; i++)
            set.Labels[rows[i]].CopyTo(values, i * width);
        return tensor(values, [rows.Length, width], device: device);
    }

    private void MeasureStatistics(LiveTraining live, FineTunedModel model, FineTuningSet train, int done)
    {
        var statistics = StatisticsOf(model, train);
        if (statistics.Count == 0)
            return;
        reporter.Begin(TrainingPhase.MeasuringStatistics, ProgressUnit.Rows, RunningStatistics.Samples(statistics));
        RunningStatistics.Measure(statistics, device, rows =>
        {
            CheckCancelled(live, done);
            reporter.At(rows);
        });
    }

    /// <summary>Where a training moves running statistics, and what they are measured on.</summary>
    public static IReadOnlyList<(Tower Tower, ExampleStore Store, int[] Positions)> StatisticsOf(FineTunedModel model, FineTuningSet train) =>
        RunningStatistics.Moving(model.Towers.Select((side, number) => (side.Tower, train.Stores[number], train.Rows.AsEnumerable())));

    private (double Loss, double Score)? Validate(FineTunedModel model, FineTuningLoss loss, FineTuningSet train, FineTuningSet? validation, int step)
    {
        if (validation is null)
            return null;
        var statistics = StatisticsOf(model, train);
        var done = (long)RunningStatistics.Samples(statistics);
        using var passing = reporter.Pass(TrainingPhase.Validating, ProgressUnit.Rows, done + ((long)validation.Count * model.Towers.Count));
        RunningStatistics.Measure(statistics, device, rows =>
        {
            if (checkpoints is null)
                checkCancelled();
            reporter.At(rows);
        });
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var features = new List<Tensor>();
        foreach (var (number, side) in model.Towers.Index())
            features.Add(FeatureRows.Of(side.Tower, validation.Stores[number], validation.Rows, device, rows =>
            {
                // In the middle of a step there is no state to go on from: where a cancelled training leaves a checkpoint, its validation ends first.
                if (checkpoints is null)
                    checkCancelled();
                reporter.At(done += rows);
            }));
        WeightCasts.Forget(); // made in inference mode, where no gradient may go through them
        var outputs = model.Outputs(features, noise: null);
        var labels = Labels(validation, validation.Rows, device);
        var (sum, weight) = loss.Sums(outputs, labels);
        var mean = sum.to(ScalarType.Float64).item<double>() / weight.to(ScalarType.Float64).item<double>();
        return double.IsFinite(mean)
            ? (mean, ValidationScore.Of(model, outputs, labels))
            : throw validation.NotFinite(mean, outputs, string.Create(CultureInfo.InvariantCulture, $"after step {step}"));
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
