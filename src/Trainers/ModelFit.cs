using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// From data to a fitted model: the closed-form teacher, the towers, and what the validation pairs decide between them.
/// </summary>
internal sealed class ModelFit(
    GentleClipOptions wanted, int seed, RandomSource random, Device device, TrainingReporter reporter, Action checkCancelled, TrainingData data,
    ValidationSet? validation, CheckpointFolder? checkpoints = null, string? roleReason = null) : IDisposable
{
    // Without the teacher once an optional one finds nothing to align.
    private GentleClipOptions _options = wanted;
    private SortedDictionary<string, string>? _fingerprint;
    private (ClosedFormAlignment Alignment, TeacherReport Report)? _teacher;

    // Without the contrastive loss there would be nothing left to train on the pairs.
    private bool Guards => _options.GuardUnpairedObjectives && validation is not null && _options.TrainsTowers && _options.UsesUnpairedRows && _options.ContrastiveWeight > 0;

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
            _fingerprint = CheckpointFingerprint.Of(_options, seed, data, validation, initial);
        PlanSteps();
        if (_options.Teacher is { } teacher)
            FitTeacher(teacher);
        var fitted = Train(_options, random, initial, number: 0);
        if (!Guards)
            return fitted;
        try
        {
            reporter.LastTraining();
            using var again = new RandomSource(seed);
            return Better(fitted, Train(_options.OnPairsAlone(), again, initial, number: 1));
        }
        catch
        {
            fitted.Model.Dispose();
            throw;
        }
    }

    /// <summary>Frees the teacher.</summary>
    public void Dispose() => _teacher?.Alignment.Dispose();

    private void PlanSteps() =>
        reporter.Plan(_options.TrainsTowers ? _options.MaximumNumberOfSteps : TeacherFactory.Rounds(_options.Teacher!), Guards ? 2 : 1);

    private void FitTeacher(TeacherOptions teacher)
    {
        try
        {
            _teacher = TeacherFactory.Fit(teacher, TeacherFactory.Spec(_options)?.Dimension, data, random, device, OnRound, _options.CancellationToken);
            reporter.Teacher(_teacher.Value.Report);
        }
        catch (NothingToAlignException nothing) when (teacher.Optional)
        {
            reporter.Info($"No teacher: {nothing.Message}");
            _options = _options.WithoutTeacher();
            PlanSteps();
        }
        catch (NothingToAlignException nothing)
        {
            throw new InvalidOperationException($"No teacher for columns '{_options.ModalityA!.InputColumnName}' (side A) and '{_options.ModalityB!.InputColumnName}' (side B): {nothing.Message}", nothing);
        }
    }

    private FittedModel Better(FittedModel with, FittedModel without)
    {
        var (first, second) = (validation!.Evaluate(with.Model, device), validation.Evaluate(without.Model, device));
        var kept = first.MeanReciprocalRank >= second.MeanReciprocalRank;
        (kept ? without : with).Model.Dispose();
        reporter.Info($"Losses on unpaired samples {(kept ? "kept" : "turned off")}: validation's mean reciprocal rank is {first.MeanReciprocalRank:F3} with them and {second.MeanReciprocalRank:F3} without.");
        var better = kept ? with : without;
        return better with
        {
            UnpairedObjectives = new UnpairedObjectivesReport(first, second, kept),
            History = [.. better.History.Select(epoch => epoch with { UnpairedObjectivesTurnedOff = !kept })],
        };
    }

    private FittedModel Train(GentleClipOptions training, RandomSource source, TwoTowerModel? initial, int number)
    {
        var model = Create(training, source, initial);
        try
        {
            if (_fingerprint is not null && training.TrainsTowers)
                CheckpointFingerprint.AddFiles(_fingerprint, model);
            if (model.Spec.Teacher is not null)
                model.SetTeacher(Copy(_teacher!.Value.Alignment));
            var history = training.TrainsTowers
                ? new TwoTowerTrainer(training, source, device, reporter, checkCancelled, checkpoints is null ? null : new TrainingCheckpoints(checkpoints, number, seed, _fingerprint!, training, reporter)).Train(model, data, validation, _teacher?.Alignment)
                : ClosedFormHistory(model);
            if (training.Teacher is { Role: TeacherRole.SideBySide, Share: null } && validation is not null)
            {
                TeacherFactory.ChooseShare(model, validation, device);
                reporter.Info($"Share of the teacher in the embedding, by validation: {model.Spec.Teacher!.Share:F2}.");
            }
            var report = _teacher is { } teacher ? teacher.Report with { Share = model.Spec.Teacher?.Share ?? 0, RoleReason = roleReason } : null;
            return new FittedModel(model, seed, training.TrainingRows, history, report);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private TwoTowerModel Create(GentleClipOptions training, RandomSource source, TwoTowerModel? initial)
    {
        var spec = new TwoTowerSpec(
            new TowerSpec(data.A.Complete(training.ModalityA!, initial?.Spec.A.Modality), data.BindingA.InputDimension),
            new TowerSpec(data.B.Complete(training.ModalityB!, initial?.Spec.B.Modality), data.BindingB.InputDimension),
            training.EmbeddingDimension, training.Temperature, TeacherFactory.Spec(training));
        var model = new TwoTowerModel(spec, source.Torch("weights", CPU));
        try
        {
            if (initial is not null)
                model.CopyWeights(initial);
            else if (model.HasTowers)
            {
                model.TowerA.Prepare(data.A);
                model.TowerB.Prepare(data.B);
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
        var retrieval = validation?.Evaluate(model, device);
        reporter.Step(TeacherFactory.Rounds(_options.Teacher!), epoch: 0, double.NaN, retrieval?.RecallAt10, isLast: true);
        return retrieval is null ? [] : [new TrainingEpoch(0, 0, new Dictionary<string, double>(), _options.Temperature, 0, retrieval)];
    }

    private void OnRound(AlignmentProgress progress)
    {
        checkCancelled();
        var kind = progress.Phase == AlignmentPhase.Folds ? "fold" : "round";
        var phase = progress.Phase == AlignmentPhase.Preparing ? "preparing" : $"{kind} {progress.Number} of {progress.Count}";
        reporter.Trace($"Teacher: {phase}; {progress.Done} of at most {progress.Total} rounds done, {progress.PseudoPairs} pseudo-pairs.");
        if (_options.TrainsTowers)
            reporter.BeforeFirstStep();
        else
            reporter.Step(progress.Done, epoch: 0, double.NaN, validationRecallAt10: null, isLast: false);
    }

    private static ClosedFormAlignment Copy(ClosedFormAlignment alignment)
    {
        using var scope = NewDisposeScope();
        return ClosedFormAlignment.FromState(alignment.GetState());
    }
}
