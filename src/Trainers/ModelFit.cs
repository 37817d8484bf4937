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
        if (_options.Teacher is { } teacher)
            FitTeacher(teacher);
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

    /// <summary>Frees the teacher.</summary>
    public void Dispose() => _teacher?.Alignment.Dispose();

    private void PlanSteps() => reporter.Plan(_options.TrainsTowers ? _options.MaximumNumberOfSteps : 0, Guards ? 2 : 1);

    private void FitTeacher(TeacherOptions teacher)
    {
        SayWhatIsLeftOut(teacher);
        try
        {
            _teacher = TeacherFactory.Fit(teacher, TeacherFactory.Spec(_options)?.Dimension, data, random, device, OnAlignment, _options.CancellationToken);
            reporter.EndPhase();
            reporter.Teacher(_teacher.Value.Report);
        }
        catch (NothingToAlignException nothing) when (teacher.Optional)
        {
            _options = _options.WithoutTeacher(out var leftOut);
            reporter.Info($"No teacher: {nothing.Message}{leftOut}");
            PlanSteps();
        }
        catch (NothingToAlignException nothing)
        {
            throw new InvalidOperationException($"No teacher for columns '{_options.ModalityA!.InputColumnName}' (side A) and '{_options.ModalityB!.InputColumnName}' (side B): {nothing.Message}", nothing);
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
        var model = Create(training, source, initial);
        try
        {
            checkCancelled();
            if (_fingerprint is not null && training.TrainsTowers)
                CheckpointFingerprint.AddFiles(_fingerprint, model);
            if (model.Spec.Teacher is not null)
                model.SetTeacher(Copy(_teacher!.Value.Alignment));
            var history = training.TrainsTowers
                ? new TwoTowerTrainer(
                    training, source, device, reporter, checkCancelled, Checkpoints(training, number),
                    number == 0 ? TrainingPhase.Training : TrainingPhase.TrainingOnPairsOnly)
                    .Train(model, data, validation, _teacher?.Alignment)
                : ClosedFormHistory(model);
            if (training.Teacher is { Role: TeacherRole.SideBySide, Share: null } && validation is not null)
            {
                reporter.Begin(TrainingPhase.Validating, ProgressUnit.Rows, TeacherFactory.RowsOfChoice(validation));
                TeacherFactory.ChooseShare(model, validation, device, OnRows);
                reporter.EndPhase();
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

    private TrainingCheckpoints? Checkpoints(GentleClipOptions training, int number) =>
        checkpoints is null ? null : new TrainingCheckpoints(checkpoints, number, seed, _fingerprint!, training, reporter);

    private TwoTowerModel Create(GentleClipOptions training, RandomSource source, TwoTowerModel? initial)
    {
        if (training.TrainsTowers)
            reporter.Begin(TrainingPhase.MakingTowers);
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

    private void SayWhatIsLeftOut(TeacherOptions teacher)
    {
        var transports = teacher.Method is TeacherMethod.Chosen or TeacherMethod.Blend or TeacherMethod.Transport;
        var most = transports ? Math.Min(teacher.MaximumUnpairedRows, teacher.MaximumTransportRows) : teacher.MaximumUnpairedRows;
        var limit = most < teacher.MaximumUnpairedRows ? nameof(TeacherOptions.MaximumTransportRows) : nameof(TeacherOptions.MaximumUnpairedRows);
        var byRows = $"drawn at random ({nameof(TeacherOptions)}.{limit})";
        const string byAnchors = $"drawn at random ({nameof(TeacherOptions)}.{nameof(TeacherOptions.MaximumAnchors)})";
        foreach (var (side, modality, rows) in new[] { ("A", _options.ModalityA!, data.UnpairedA.Count), ("B", _options.ModalityB!, data.UnpairedB.Count) })
            if (rows > most)
            {
                var samples = $"unpaired samples of column '{modality.InputColumnName}' (side {side})";
                reporter.Info($"The closed form matches {most:N0} of the {rows:N0} {samples}, {byRows}.");
            }
        if (data.PairsA.Count > teacher.MaximumAnchors)
            reporter.Info($"The closed form's kernel has {teacher.MaximumAnchors:N0} of the {data.PairsA.Count:N0} pairs as anchors, {byAnchors}.");
    }

    private static ClosedFormAlignment Copy(ClosedFormAlignment alignment)
    {
        using var scope = NewDisposeScope();
        return ClosedFormAlignment.FromState(alignment.GetState());
    }
}
