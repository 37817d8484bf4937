using System.Globalization;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.FineTuning;

/// <summary>From labelled rows to a fine-tuned model: what is validated on, the encoders, what frozen ones make of the rows, the training.</summary>
internal sealed class FineTuningFit(
    FineTuningOptions options, int seed, RandomSource random, Device device, TrainingReporter reporter, Action checkCancelled, CheckpointFolder? folder,
    FineTuningRows rows, FineTuningRows? validationRows) : IDisposable
{
    private readonly List<IDisposable> _features = [];

    /// <summary>Fits a model, which the caller disposes.</summary>
    /// <param name="sides">What takes part.</param>
    /// <param name="initial">A model whose encoders' weights are taken over, or null.</param>
    /// <param name="shareOfRate">What the learning rate of a side's encoder is of the head's.</param>
    /// <exception cref="InvalidOperationException">The rows cannot be trained on.</exception>
    public FittedFineTuning Run(IReadOnlyList<(Side Side, Modality Modality)> sides, SidedModel? initial, Func<Side, double> shareOfRate)
    {
        using var casts = WeightCasts.For(options.Precision);
        using var stay = WeightCasts.Enter(casts);
        var (train, validation) = Choose();
        var label = rows.Label.Spec;
        var shares = new LabelShares(label, train.Own, rows.Label.Column.Name);
        foreach (var remark in shares.Remarks)
            reporter.Warning(remark);
        validation = WithoutUnseen(validation, shares);

        reporter.Begin(TrainingPhase.MakingTowers);
        reporter.Plan(options.MaximumNumberOfSteps, 1);
        var model = Create(sides, initial);
        try
        {
            checkCancelled();
            SortedDictionary<string, string>? fingerprint = null;
            if (folder is not null)
            {
                reporter.Begin(TrainingPhase.HashingRows);
                var stores = rows.Sides.Concat(validationRows?.Sides ?? []).Select(side => side.Store);
                fingerprint = CheckpointFingerprint.OfFineTuning(
                    options, seed, stores, rows.Labels.Concat(validationRows?.Labels ?? []), train.Rows, validation?.Rows ?? [], model);
            }
            reporter.EndPhase();
            (train, validation) = WithFeatures(model, train, validation);
            model.SetPrior(shares.Prior(options.ClassWeighting));
            if (label.Task == FineTuningTask.Regression)
                model.SetLabelMoments(shares.Mean, shares.StandardDeviation);
            var checkpoints = folder is null
                ? null
                : new TrainingCheckpoints(folder, 0, seed, fingerprint!, options.Checkpoints, options.MaximumNumberOfSteps, reporter);
            var tuner = new FineTuner(options, shareOfRate, random, device, reporter, checkCancelled, checkpoints);
            var solves = options.HeadInitialization == HeadInitialization.LinearProbe;
            if (solves && model.Towers.All(side => side.Tower.IsFrozen))
                reporter.Plan(0, 1);
            if (options.StandardizeFeatures && !solves)
                tuner.Standardize(model, train);
            using var loss = new FineTuningLoss(model, shares, options.ClassWeighting, device);
            var probe = new LinearProbe(options, device, reporter, checkCancelled);
            var history = tuner.Train(model, loss, train, validation, solves ? () => probe.Solve(model, loss, shares, train, validation) : null);
            return new FittedFineTuning(model, options.LabelColumnName, seed, history);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Frees the features of frozen encoders.</summary>
    public void Dispose() => _features.ForEach(features => features.Dispose());

    private (FineTuningSet Train, FineTuningSet? Validation) Choose()
    {
        var all = Set(rows, [.. Enumerable.Range(0, rows.Count)]);
        if (validationRows is not null)
            return (all, Set(validationRows, [.. Enumerable.Range(0, validationRows.Count)]));
        if (options.Validation.Fraction == 0)
            return (all, null);
        var heldOut = HoldOut();
        if (heldOut.Length == 0 || heldOut.Length == rows.Count)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                $"Validation.Fraction {options.Validation.Fraction} of {rows.Count} rows leaves "
                + $"{(heldOut.Length == 0 ? "none to validate on, as no class has rows to spare" : "none to train on")}; expected more rows or another "
                + $"share."));
        var isHeldOut = heldOut.ToHashSet();
        return (all with { Rows = [.. all.Rows.Where(row => !isHeldOut.Contains(row))] }, all with { Rows = heldOut });
    }

    // Of each class alike, so that none is left without a row to learn from.
    private int[] HoldOut()
    {
        var isGrouped = rows.Label.Spec.Task is FineTuningTask.Multiclass or FineTuningTask.Binary;
        var generator = random.Managed("validation");
        var heldOut = new List<int>();
        foreach (var group in Enumerable.Range(0, rows.Count).GroupBy(row => isGrouped ? rows.Labels[row][0] : 0).OrderBy(group => group.Key))
        {
            var order = group.ToArray();
            generator.Shuffle(order.AsSpan());
            heldOut.AddRange(order.Take(Math.Min((int)Math.Round(options.Validation.Fraction * order.Length), order.Length - 1)));
        }
        return [.. heldOut.Order()];
    }

    private FineTuningSet? WithoutUnseen(FineTuningSet? validation, LabelShares shares)
    {
        if (validation is null || rows.Label.Spec.Task is FineTuningTask.Binary or FineTuningTask.Regression)
            return validation;
        if (rows.Label.Spec.Task == FineTuningTask.MultiLabel)
            return WithoutSurprises(validation, shares);
        int[] known = [.. validation.Rows.Where(row => shares.Has((int)validation.Labels[row][0]))];
        if (known.Length < validation.Count)
            reporter.Warning(string.Create(CultureInfo.InvariantCulture,
                $"Validation data: {validation.Count - known.Length} of {validation.Count} rows are left out: no training row is of their class."));
        return known.Length > 0
            ? validation with { Rows = known }
            : throw new InvalidOperationException("No validation row is of a class that training rows have.");
    }

    // Of a label that no training row has, or every one, the head says so beyond any doubt: one row that is otherwise would be all of the validation's loss.
    private FineTuningSet WithoutSurprises(FineTuningSet validation, LabelShares shares)
    {
        int[] learnable = shares.Learnable;
        if (!validation.Own.Any(own => Array.Exists(learnable, label => !float.IsNaN(own[label]))))
            throw new InvalidOperationException("No validation row has a known label that can be learnt from the training rows.");
        int[] surprising = [.. Enumerable.Range(0, rows.Label.Spec.Count).Except(learnable)
            .Where(label => validation.Own.Any(own => !float.IsNaN(own[label]) && own[label] > 0 != shares.Has(label)))];
        if (surprising.Length == 0)
            return validation;
        reporter.Warning(string.Create(CultureInfo.InvariantCulture,
            $"Validation data: {surprising.Length} of {rows.Label.Spec.Count} labels are not counted, as rows have them where no training row does, or lack "
            + $"them where every one has them: {shares.List(surprising)}."));
        float[][] labels = [.. validation.Labels];
        foreach (var row in validation.Rows)
        {
            labels[row] = [.. labels[row]];
            foreach (var label in surprising)
                labels[row][label] = float.NaN;
        }
        return validation with { Labels = labels };
    }

    private FineTunedModel Create(IReadOnlyList<(Side Side, Modality Modality)> sides, SidedModel? initial)
    {
        TowerSpec? Spec(Side side)
        {
            if (!sides.Any(entry => entry.Side == side))
                return null;
            var own = rows.Sides.First(entry => entry.Side == side);
            return new TowerSpec(
                own.Store.Complete(sides.First(entry => entry.Side == side).Modality, initial?.SpecOf(side).Modality), own.Binding.InputDimension);
        }

        var model = new FineTunedModel(new FineTunedSpec(Spec(Side.A), Spec(Side.B), rows.Label.Spec), random.Torch("weights", CPU));
        try
        {
            foreach (var (side, tower) in model.Towers)
            {
                if (initial is not null)
                    tower.CopyEncoder(initial.TowerOf(side)!);
                else
                    tower.Prepare(rows.Sides.First(entry => entry.Side == side).Store, line => reporter.Info($"{line}"));
                if (options.TrainableLayers > tower.LayerCount)
                {
                    var found = tower.LayerCount == 0 ? "no layers that can be trained apart" : $"{tower.LayerCount} layers";
                    throw new InvalidOperationException(
                        $"{nameof(FineTuningOptions.TrainableLayers)} is {options.TrainableLayers}, but the encoder of column "
                        + $"'{model.SpecOf(side).Modality.InputColumnName}' has {found}; expected 0 to {tower.LayerCount}, or null for all weights.");
                }
                tower.TrainLast(options.TrainableLayers);
            }
            return model.to(device);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    // What does not change of the rows, computed once.
    private (FineTuningSet Train, FineTuningSet? Validation) WithFeatures(FineTunedModel model, FineTuningSet train, FineTuningSet? validation)
    {
        var known = new Dictionary<ExampleStore, ExampleStore>();
        foreach (var (number, side) in model.Towers.Index())
        {
            var column = model.SpecOf(side.Side).Modality.InputColumnName;
            foreach (var store in new[] { train.Stores[number], validation?.Stores[number] }.OfType<ExampleStore>().Distinct())
            {
                var once = side.Tower.IsFrozen
                    ? new FeatureStore(store, PrecomputedRows.Encode(side.Tower, store, column, device, reporter, checkCancelled))
                    : side.Tower.Derive(store);
                if (once is null)
                    continue;
                _features.Add(once);
                known.Add(store, once);
            }
        }
        reporter.EndPhase();
        return (Of(train), validation is null ? null : Of(validation));

        FineTuningSet Of(FineTuningSet set) => set with { Stores = [.. set.Stores.Select(store => known.GetValueOrDefault(store, store))] };
    }

    private static FineTuningSet Set(FineTuningRows rows, int[] numbers) => new([.. rows.Sides.Select(side => side.Store)], rows.Labels, numbers);
}
