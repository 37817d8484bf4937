using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// From data to a fitted model: the closed form, the towers, and what the validation pairs decide between them.
/// </summary>
internal sealed class ModelFit(
    GentleClipOptions wanted, int seed, RandomSource random, Device device, TrainingReporter reporter, Action checkCancelled, TrainingData data,
    ValidationSet? validation, CheckpointFolder? checkpoints = null, string? roleReason = null) : IDisposable
{
    // Without the closed form once an optional one finds nothing to align.
    private GentleClipOptions _options = wanted;
    private SortedDictionary<string, string>? _fingerprint;
    private (ClosedFormAlignment Alignment, ClosedFormReport Report)? _closedForm;
    // Made before the closed form where that reads what its frozen encoders make of the rows; the first training takes it over.
    private TwoTowerModel? _prepared;

    // Without an objective on pairs there would be nothing left for the second training.
    private bool Guards => _options.GuardUnpairedObjectives && validation is not null && _options.TrainsTowers
        && _options.Objectives.Needs.UnpairedSamples && _options.Objectives.OnPairsOnly().Active.Any();

    /// <summary>Fits a model, which the caller disposes.</summary>
    /// <param name="initial">A model whose towers' weights are taken over, or null.</param>
    /// <exception cref="ArgumentException">The initial model has another shape.</exception>
    /// <exception cref="InvalidOperationException">There is nothing to align.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ArithmeticException">The loss or its gradient became NaN or infinite.</exception>
    public FittedModel Run(TwoTowerModel? initial)
    {
        // Before frozen encoders turn the rows into features.
        if (checkpoints is not null)
        {
            reporter.Begin(TrainingPhase.HashingRows);
            _fingerprint = CheckpointFingerprint.Of(_options, seed, data, validation, initial);
            reporter.EndPhase();
            checkCancelled();
        }
        PlanSteps();
        if (_options.ClosedForm is { } closedForm)
            FitClosedForm(closedForm, initial);
        var fitted = Train(_options, random, initial, number: 0);
        if (!Guards)
            return fitted;
        try
        {
            reporter.LastTraining();
            using var again = new RandomSource(seed);
            var onPairs = new GentleClipOptions(_options) { Objectives = _options.Objectives.OnPairsOnly() };
            return Better(fitted, Train(onPairs, again, initial, number: 1));
        }
        catch
        {
            fitted.Model.Dispose();
            throw;
        }
    }

    /// <summary>Frees the closed form.</summary>
    public void Dispose()
    {
        _closedForm?.Alignment.Dispose();
        _prepared?.Dispose();
    }

    private void PlanSteps() => reporter.Plan(_options.TrainsTowers ? _options.MaximumNumberOfSteps : 0, Guards ? 2 : 1);

    private void FitClosedForm(ClosedFormOptions closedForm, TwoTowerModel? initial)
    {
        SayWhatIsLeftOut(closedForm);
        try
        {
            if (_options.ModalityA is not VectorModality || _options.ModalityB is not VectorModality)
            {
                _prepared = Create(_options, random, initial);
                FrozenFeatures.Compute(_prepared, data, validation, device, reporter, checkCancelled);
            }
            _closedForm = ClosedFormFactory.Fit(closedForm, ClosedFormFactory.Spec(_options)?.Dimension, data, random, device, OnAlignment, _options.CancellationToken);
            reporter.EndPhase();
            reporter.ClosedForm(_closedForm.Value.Report);
        }
        catch (NothingToAlignException nothing) when (closedForm.Optional)
        {
            reporter.Info($"No closed form: {nothing.Message}");
            _options = _options.WithoutClosedForm();
            _prepared?.Dispose();
            _prepared = null;
            foreach (var store in new[] { data.A, data.B, validation?.A.Store, validation?.B.Store })
                store?.ForgetFeatures(); // of encoders whose weights are drawn again
            PlanSteps();
        }
        catch (NothingToAlignException nothing)
        {
            throw new InvalidOperationException($"No closed form for columns '{_options.ModalityA!.InputColumnName}' (side A) and '{_options.ModalityB!.InputColumnName}' (side B): {nothing.Message}", nothing);
        }
    }

    private FittedModel Better(FittedModel with, FittedModel without)
    {
        reporter.Begin(TrainingPhase.Validating, ProgressUnit.Rows, 2 * validation!.Rows);
        var first = validation.Evaluate(with.Model, device, OnRows, _options.CancellationToken);
        var second = validation.Evaluate(without.Model, device, rows => OnRows(validation.Rows + rows), _options.CancellationToken);
        reporter.EndPhase();
        // Equal figures are no reason to leave out what was asked for.
        var kept = first.MeanLogRank <= second.MeanLogRank;
        (kept ? without : with).Model.Dispose();
        var what = kept ? "kept" : "turned off";
        reporter.Info($"Losses on unpaired samples {what}: validation's mean log rank is {first.MeanLogRank:F3} with them and {second.MeanLogRank:F3} without.");
        var better = kept ? with : without;
        return better with
        {
            UnpairedObjectives = new UnpairedObjectivesReport(first, second, kept),
            History = [.. better.History.Select(epoch => epoch with { UnpairedObjectivesTurnedOff = !kept })],
        };
    }

    private FittedModel Train(GentleClipOptions training, RandomSource source, TwoTowerModel? initial, int number)
    {
        var model = _prepared ?? Create(training, source, initial);
        _prepared = null;
        try
        {
            checkCancelled();
            if (_fingerprint is not null && training.TrainsTowers)
                CheckpointFingerprint.AddFiles(_fingerprint, model);
            if (model.Spec.ClosedForm is not null)
                model.SetClosedForm(Copy(_closedForm!.Value.Alignment));
            var history = training.TrainsTowers
                ? new TwoTowerTrainer(
                    training, source, device, reporter, checkCancelled, Checkpoints(training, number),
                    number == 0 ? TrainingPhase.Training : TrainingPhase.TrainingOnPairsOnly)
                    .Train(model, data, validation, _closedForm?.Alignment)
                : ClosedFormHistory(model);
            if (training.ClosedForm is { Role: ClosedFormRole.BesideTowers, Share: null } && validation is not null)
            {
                reporter.Begin(TrainingPhase.Validating, ProgressUnit.Rows, ClosedFormFactory.RowsOfChoice(validation));
                ClosedFormFactory.ChooseShare(model, validation, device, OnRows);
                reporter.EndPhase();
                reporter.Info($"Share of the closed form in the embedding, by validation: {model.Spec.ClosedForm!.Share:F2}.");
            }
            var report = _closedForm is { } closedForm ? closedForm.Report with { Share = model.Spec.ClosedForm?.Share ?? 0, RoleReason = roleReason } : null;
            return new FittedModel(model, seed, training.TrainingRows, history, report);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private TrainingCheckpoints? Checkpoints(GentleClipOptions training, int number) =>
        checkpoints is null ? null : new TrainingCheckpoints(checkpoints, number, seed, _fingerprint!, training, reporter);

    private TwoTowerModel Create(GentleClipOptions training, RandomSource source, TwoTowerModel? initial)
    {
        if (training.TrainsTowers)
            reporter.Begin(TrainingPhase.MakingTowers);
        var spec = new TwoTowerSpec(
            new TowerSpec(data.A.Complete(training.ModalityA!, initial?.Spec.A.Modality), data.BindingA.InputDimension),
            new TowerSpec(data.B.Complete(training.ModalityB!, initial?.Spec.B.Modality), data.BindingB.InputDimension),
            training.EmbeddingDimension, training.Temperature, ClosedFormFactory.Spec(training));
        var model = new TwoTowerModel(spec, source.Torch("weights", CPU));
        try
        {
            if (initial is not null)
                model.CopyWeights(initial);
            else
            {
                model.TowerOf(AlignmentSide.A)?.Prepare(data.A);
                model.TowerOf(AlignmentSide.B)?.Prepare(data.B);
            }
            return model.to(device);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private IReadOnlyList<TrainingEpoch> ClosedFormHistory(TwoTowerModel model)
    {
        if (validation is null)
            return [];
        reporter.Begin(TrainingPhase.Validating, ProgressUnit.Rows, validation.Rows);
        var retrieval = validation.Evaluate(model, device, OnRows, _options.CancellationToken);
        reporter.Validated(retrieval);
        reporter.EndPhase();
        return [new TrainingEpoch(0, 0, new Dictionary<string, double>(), _options.Temperature, 0, retrieval)];
    }

    private void OnAlignment(AlignmentProgress progress)
    {
        checkCancelled();
        reporter.Alignment(progress);
    }

    private void OnRows(int rows)
    {
        checkCancelled();
        reporter.At(rows);
    }

    private void SayWhatIsLeftOut(ClosedFormOptions closedForm)
    {
        var transports = closedForm.Method is ClosedFormMethod.Chosen or ClosedFormMethod.Blend or ClosedFormMethod.Transport;
        var most = transports ? Math.Min(closedForm.MaximumUnpairedRows, closedForm.MaximumTransportRows) : closedForm.MaximumUnpairedRows;
        var limit = most < closedForm.MaximumUnpairedRows ? nameof(ClosedFormOptions.MaximumTransportRows) : nameof(ClosedFormOptions.MaximumUnpairedRows);
        var byRows = $"drawn at random ({nameof(ClosedFormOptions)}.{limit})";
        const string byAnchors = $"drawn at random ({nameof(ClosedFormOptions)}.{nameof(ClosedFormOptions.MaximumAnchors)})";
        foreach (var (side, modality, rows) in new[] { ("A", _options.ModalityA!, data.UnpairedA.Count), ("B", _options.ModalityB!, data.UnpairedB.Count) })
            if (rows > most)
            {
                var samples = $"unpaired samples of column '{modality.InputColumnName}' (side {side})";
                reporter.Info($"The closed form matches {most:N0} of the {rows:N0} {samples}, {byRows}.");
            }
        if (data.PairsA.Count > closedForm.MaximumAnchors)
            reporter.Info($"The closed form's kernel has {closedForm.MaximumAnchors:N0} of the {data.PairsA.Count:N0} pairs as anchors, {byAnchors}.");
    }

    private static ClosedFormAlignment Copy(ClosedFormAlignment alignment)
    {
        using var scope = NewDisposeScope();
        return ClosedFormAlignment.FromState(alignment.GetState());
    }
}
