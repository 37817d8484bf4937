using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers.Checkpoints;
using Microsoft.ML.GentleClip.Trainers.Sharding;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// From data to a fitted model: the closed form, the towers, and what the validation pairs decide between them.
/// </summary>
internal sealed class ModelFit(
    TrainingPlan plan, int seed, RandomSource random, Device device, TrainingReporter reporter, Action checkCancelled, TrainingData data,
    ValidationSet? validation, CheckpointFolder? checkpoints = null) : IDisposable
{
    private readonly GentleClipOptions _options = plan.Options;
    private readonly ProcessGroup _group = BatchSharding.Of(plan.Options).Group;
    // Without the closed form once an optional one finds nothing to align.
    private TrainingPlan _plan = plan;
    private SortedDictionary<string, string>? _fingerprint;
    private (ClosedFormAlignment Alignment, ClosedFormReport Report)? _closedForm;
    private PrecomputedRows? _precomputed;
    // Made before the closed form where that reads what its frozen encoders make of the rows; the first training takes it over.
    private TwoTowerModel? _prepared;

    /// <summary>Fits a model, which the caller disposes.</summary>
    /// <param name="initial">A model whose towers' weights are taken over, or null.</param>
    /// <exception cref="ArgumentException">The initial model has another shape.</exception>
    /// <exception cref="InvalidOperationException">There is nothing to align.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ArithmeticException">The loss or its gradient became NaN or infinite.</exception>
    public FittedModel Run(TwoTowerModel? initial)
    {
        using var casts = WeightCasts.For(_options.Precision);
        using var stay = WeightCasts.Enter(casts);
        // Before frozen encoders turn the rows into features.
        if (checkpoints is not null || _group.IsShared())
        {
            reporter.Begin(TrainingPhase.HashingRows);
            _fingerprint = CheckpointFingerprint.Of(_plan, seed, data, validation, initial);
            AlikeProcesses.Check(_group, _fingerprint);
            reporter.EndPhase();
            checkCancelled();
        }
        PlanSteps();
        if (_plan.ClosedFormSettings is { } closedForm)
            FitClosedForm(closedForm, initial);
        var fitted = Train(_plan, random, initial, number: 0);
        if (_plan.Trainings < 2)
            return fitted;
        try
        {
            reporter.LastTraining();
            using var again = new RandomSource(seed);
            return Better(fitted, Train(_plan.OnPairsOnly(), again, initial, number: 1));
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
        _precomputed?.Dispose();
    }

    // With what frozen encoders make of them, once that is known.
    private TrainingData Data => _precomputed?.Of(data) ?? data;

    private ValidationSet? Validation => _precomputed?.Of(validation) ?? validation;

    private void PlanSteps() => reporter.Plan(_plan.Steps, Math.Max(1, _plan.Trainings));

    private void FitClosedForm(ClosedFormOptions closedForm, TwoTowerModel? initial)
    {
        foreach (var line in _plan.LeftOutOfClosedForm())
            reporter.Info($"{line}");
        try
        {
            if (_options.ModalityA is not VectorModality || _options.ModalityB is not VectorModality)
            {
                _prepared = Create(_plan, random, initial);
                _precomputed = PrecomputedRows.Compute(_prepared, data, validation, device, reporter, checkCancelled);
            }
            _closedForm = ClosedFormFactory.Fit(
                closedForm, _plan.ClosedFormSpec?.Dimension, Data, random, device, OnAlignment, _options.CancellationToken, checkCancelled);
            reporter.EndPhase();
            reporter.ClosedForm(_closedForm.Value.Report);
        }
        catch (NothingToAlignException nothing) when (closedForm.Optional)
        {
            _plan = _plan.WithoutClosedForm(nothing.Message);
            reporter.Info($"No closed form: {nothing.Message}{_plan.LeftOutWithClosedForm}");
            _prepared?.Dispose();
            _prepared = null;
            _precomputed?.Dispose();
            _precomputed = null; // of encoders whose weights are drawn again
            PlanSteps();
        }
        catch (NothingToAlignException nothing)
        {
            throw new InvalidOperationException(
                $"No closed form for columns '{_options.ModalityA!.InputColumnName}' (side A) and '{_options.ModalityB!.InputColumnName}' (side B): "
                + nothing.Message, nothing);
        }
    }

    private FittedModel Better(FittedModel with, FittedModel without)
    {
        reporter.Begin(TrainingPhase.Validating, ProgressUnit.Rows, 2 * validation!.Rows);
        var first = Validation!.Evaluate(with.Model, device, OnRows, _options.CancellationToken);
        var second = Validation!.Evaluate(without.Model, device, rows => OnRows(validation!.Rows + rows), _options.CancellationToken);
        reporter.EndPhase();
        // Equal figures are no reason to leave out what was asked for.
        var kept = first.MeanLogRank <= second.MeanLogRank;
        (kept ? without : with).Model.Dispose();
        var what = kept ? "kept" : "turned off";
        reporter.Info(
            $"Losses on unpaired samples {what}: validation's mean log rank is {first.MeanLogRank:F3} with them and {second.MeanLogRank:F3} without.");
        var better = kept ? with : without;
        return better with
        {
            UnpairedObjectives = new UnpairedObjectivesReport(first, second, kept),
            History = [.. better.History.Select(epoch => epoch with { UnpairedObjectivesTurnedOff = !kept })],
        };
    }

    private FittedModel Train(TrainingPlan training, RandomSource source, TwoTowerModel? initial, int number)
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
            if (training.TrainsTowers)
            {
                _precomputed ??= PrecomputedRows.Compute(model, data, validation, device, reporter, checkCancelled);
                reporter.EndPhase();
            }
            var history = training.TrainsTowers
                ? new TwoTowerTrainer(
                    training, source, device, reporter, checkCancelled, Checkpoints(number),
                    number == 0 ? TrainingPhase.Training : TrainingPhase.TrainingOnPairsOnly)
                    .Train(model, Data, Validation, _closedForm?.Alignment)
                : ClosedFormHistory(model);
            if (training.ClosedFormSettings is { Role: ClosedFormRole.BesideTowers, Share: null } && validation is not null)
            {
                reporter.Begin(TrainingPhase.Validating, ProgressUnit.Rows, ClosedFormFactory.RowsOfChoice(validation));
                ClosedFormFactory.ChooseShare(model, Validation!, device, OnRows);
                reporter.EndPhase();
                reporter.Info($"Share of the closed form in the embedding, by validation: {model.Spec.ClosedForm!.Share:F2}.");
            }
            var report = _closedForm is { } closedForm
                ? closedForm.Report with { Share = model.Spec.ClosedForm?.Share ?? 0, RoleReason = training.RoleReason }
                : null;
            return new FittedModel(model, seed, _options.TrainingRows, history, report);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private TrainingCheckpoints? Checkpoints(int number) =>
        checkpoints is null
            ? null
            : new TrainingCheckpoints(checkpoints, number, seed, _fingerprint!, _options.Checkpoints, _options.MaximumNumberOfSteps, reporter);

    private TwoTowerModel Create(TrainingPlan training, RandomSource source, TwoTowerModel? initial)
    {
        if (training.TrainsTowers)
            reporter.Begin(TrainingPhase.MakingTowers);
        var spec = new TwoTowerSpec(
            new TowerSpec(data.A.Store.Complete(_options.ModalityA!, initial?.Spec.A.Modality), data.A.Binding.InputDimension),
            new TowerSpec(data.B.Store.Complete(_options.ModalityB!, initial?.Spec.B.Modality), data.B.Binding.InputDimension),
            _options.EmbeddingDimension, _options.Temperature, training.ClosedFormSpec);
        var model = new TwoTowerModel(spec, source.Torch("weights", CPU));
        try
        {
            if (initial is not null)
                model.CopyWeights(initial);
            else
            {
                model.TowerOf(Side.A)?.Prepare(data.A.Store, line => reporter.Info($"{line}"));
                model.TowerOf(Side.B)?.Prepare(data.B.Store, line => reporter.Info($"{line}"));
            }
            foreach (var (side, examples, modality) in new[] { (Side.A, data.A.Store, spec.A.Modality), (Side.B, data.B.Store, spec.B.Modality) })
                if (model.TowerOf(side)?.InputProblem(examples) is { } problem)
                    reporter.Warning($"Column '{modality.InputColumnName}' {problem}");
            // A user's own network may draw weights of its own, and files of pretrained ones may differ.
            if (_group.Synchronize(model.state_dict(), "comparing the initial weights"))
                reporter.Info($"The processes' initial weights differ; those of rank 0 are taken.");
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
        var retrieval = Validation!.Evaluate(model, device, OnRows, _options.CancellationToken);
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

    private static ClosedFormAlignment Copy(ClosedFormAlignment alignment)
    {
        using var scope = NewDisposeScope();
        return ClosedFormAlignment.FromState(alignment.GetState());
    }
}
