using System.Globalization;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Models;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.FineTuning;

/// <summary>Solves the head of a fine-tuning on the features that the encoders give before the first step.</summary>
/// <param name="options">Regularisation, weighting of the classes, standardisation.</param>
/// <param name="device">Where the model lives.</param>
/// <param name="reporter">Told rows and iterations.</param>
/// <param name="checkCancelled">Throws to stop.</param>
internal sealed class LinearProbe(FineTuningOptions options, Device device, TrainingReporter reporter, Action checkCancelled)
{
    /// <summary>The number of the epoch that stands for the solved head.</summary>
    public const int Epoch = -1;

    private const int RowsOfPass = 1024;

    // From the strongest to the weakest, each beginning where the one before ended; validation rows choose.
    private static readonly double[] Regularizations = [1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4];

    /// <summary>Sets the model's head, and the standardisation before it, where it is wanted.</summary>
    /// <param name="model">On the device.</param>
    /// <param name="loss">Of the model.</param>
    /// <param name="shares">Of the labels of the rows that are trained on.</param>
    /// <param name="train">What to fit.</param>
    /// <param name="validation">What to choose the regularisation by, or null.</param>
    /// <returns>The losses with the solved head, as an epoch before the first.</returns>
    /// <exception cref="ArithmeticException">Features are not finite.</exception>
    public FineTuningEpoch Solve(FineTunedModel model, FineTuningLoss loss, LabelShares shares, FineTuningSet train, FineTuningSet? validation)
    {
        var statistics = FineTuner.StatisticsOf(model, train);
        long measured = RunningStatistics.Samples(statistics), encoded = ((long)train.Count + (validation?.Count ?? 0)) * model.Towers.Count;
        reporter.Begin(TrainingPhase.SolvingHead, ProgressUnit.Rows, measured + encoded);
        RunningStatistics.Measure(statistics, device, rows => At(rows));
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var (features, labels) = (Features(train), FineTuner.Labels(train, train.Rows, device));
        var held = validation is null ? null : Features(validation);
        var heldLabels = validation is null ? null : FineTuner.Labels(validation, validation.Rows, device);
        WeightCasts.Forget(); // made in inference mode, where no gradient may go through them
        CheckFinite(features, train, "");
        if (held is not null)
            CheckFinite(held, validation!, "validation ");
        var moments = new FeatureMoments(model.FeatureDimension, device);
        for (long at = 0; at < features.size(0); at += RowsOfPass)
        {
            using var pass = NewDisposeScope();
            moments.Add(features.narrow(0, at, Math.Min(RowsOfPass, features.size(0) - at)).to(ScalarType.Float64));
        }
        if (options.StandardizeFeatures)
            model.SetStandardization(moments.Mean, moments.Scale);

        reporter.Begin(TrainingPhase.SolvingHead, ProgressUnit.Iterations);
        Solve(model, shares, Problem(features, labels), held is null ? null : Problem(held, heldLabels!), moments);
        reporter.EndPhase();
        var (ownLoss, _) = Measure(model, loss, features, labels, null);
        var found = held is null ? ((double Loss, double Score)?)null : Measure(model, loss, held, heldLabels!, validation);
        return new FineTuningEpoch(Epoch, 0, ownLoss, 0, found?.Loss, found?.Score);

        Tensor Features(FineTuningSet set)
        {
            var parts = new List<Tensor>();
            foreach (var (number, side) in model.Towers.Index())
                parts.Add(FeatureRows.Of(side.Tower, set.Stores[number], set.Rows, device, rows => At(measured += rows)));
            return parts.Count == 1 ? parts[0] : cat([.. parts], 1);
        }

        HeadProblem Problem(Tensor rows, Tensor known) => new(
            model.Spec.Label, shares.Learnable, shares.Weights(options.ClassWeighting), rows, model.Scaled(known), moments.Mean, moments.Scale);

        void At(long rows)
        {
            checkCancelled();
            reporter.At(rows);
        }
    }

    private void Solve(FineTunedModel model, LabelShares shares, HeadProblem train, HeadProblem? validation, FeatureMoments moments)
    {
        using var scope = NewDisposeScope();
        using var owned = train;
        int[] columns = shares.Learnable;
        var prior = shares.Prior(options.ClassWeighting);
        var point = train.Start(Array.ConvertAll(columns, column => (double)prior[column]));
        double[] candidates = options.HeadL2Regularization is { } given ? [given]
            : validation is null ? [FineTuningOptions.Defaults.HeadL2Regularization] : Regularizations;
        var (best, bestLoss, chosen, iterations) = (point, double.PositiveInfinity, 0d, 0);
        foreach (var candidate in candidates)
        {
            var found = train.Solve(candidate, point, (iteration, value) =>
            {
                checkCancelled();
                reporter.Iteration(iterations + iteration, value);
            });
            (point, iterations) = (found.Point, iterations + found.Iterations);
            var loss = validation?.Loss(point) ?? 0;
            reporter.Trace($"Head: regularisation {candidate:g}, {found.Iterations} iterations{(validation is null ? "" : string.Create(
                CultureInfo.InvariantCulture, $", validation loss {loss:F4}"))}.");
            if (!(loss < bestLoss))
                continue;
            (best, bestLoss, chosen) = (point, loss, candidate);
        }
        var features = model.FeatureDimension;
        var weight = zeros(model.Spec.Label.Count, features, dtype: ScalarType.Float64, device: device);
        var bias = tensor(Array.ConvertAll(prior, value => (double)value)).to(device);
        var places = tensor(Array.ConvertAll(columns, column => (long)column), device: device);
        weight.index_copy_(0, places, best.narrow(1, 0, features));
        bias.index_copy_(0, places, best.select(1, features));
        model.SetHead(weight, bias, moments.Mean, moments.Scale);
        var by = options.HeadL2Regularization is not null ? "as given" : validation is null ? "the default" : "chosen on the validation rows";
        reporter.Info($"Head solved in {iterations} iterations: regularisation {chosen:g} ({by}), loss {train.Loss(best):F4}.");
    }

    private static (double Loss, double Score) Measure(
        FineTunedModel model, FineTuningLoss loss, Tensor features, Tensor labels, FineTuningSet? validation)
    {
        using var scope = NewDisposeScope();
        var (sum, weight, outputs) = (0d, 0d, new List<Tensor>());
        for (long at = 0; at < features.size(0); at += RowsOfPass)
        {
            using var pass = NewDisposeScope();
            var rows = Math.Min(RowsOfPass, features.size(0) - at);
            var own = model.Outputs([features.narrow(0, at, rows)], noise: null);
            var (losses, weights) = loss.Sums(own, labels.narrow(0, at, rows));
            sum += losses.to(ScalarType.Float64).item<double>();
            weight += weights.to(ScalarType.Float64).item<double>();
            outputs.Add(own.MoveToOuterDisposeScope());
        }
        var (mean, all) = (sum / weight, cat(outputs, 0));
        if (validation is not null && !double.IsFinite(mean))
            throw validation.NotFinite(mean, all, "with the solved head");
        return (mean, ValidationScore.Of(model, all, labels));
    }

    private static void CheckFinite(Tensor features, FineTuningSet set, string kind)
    {
        using var scope = NewDisposeScope();
        long[] bad = [.. features.isfinite().all(1).logical_not().nonzero().cpu().data<long>()];
        if (bad.Length > 0)
            throw new ArithmeticException(string.Create(CultureInfo.InvariantCulture,
                $"The head cannot be solved: the encoders' features of {bad.Length} of {features.size(0)} {kind}rows are not finite, first "
                + $"{set.Stores[0].RowName} {set.Stores[0].RowOf(set.Rows[bad[0]])}. Look for extreme values in the input columns."));
    }
}
