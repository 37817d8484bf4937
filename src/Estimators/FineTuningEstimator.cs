using System.Globalization;
using System.Security.Cryptography;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers;
using Microsoft.ML.GentleClip.Trainers.Checkpoints;
using Microsoft.ML.GentleClip.Trainers.FineTuning;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Trains a head, and the encoders under it, for labels: classes, yes or no, many labels a row, or numbers. Make one with
/// <c>mlContext.MulticlassClassification.Trainers.GentleClipFineTuning(...)</c> and its neighbours in the other catalogs.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Estimator Characteristics
/// |  |  |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | Yes |
/// | Input column data type | Those of the modalities |
/// | Label column data type | A key, Boolean, Single, or a vector of Boolean, numbers or keys, by the task |
/// | Output column data type | PredictedLabel: a key or Boolean; Score, Probability: <xref:System.Single> or a known-sized vector of it, by the task |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.GentleClip; TorchSharp-cpu, TorchSharp-cuda-linux or TorchSharp-cuda-windows |
/// | Exportable to ONNX | With the pipeline where the modalities are vectors; else by `mlContext.Model.ConvertGentleClipFineTuningToOnnx` |
///
/// ### Training Algorithm Details
/// The features of each side's encoder, which come before the projection head, stand side by side, are standardised and mapped linearly to the scores. The map
/// is first solved on the features as they are, by L-BFGS (for numbers in closed form); then cross entropy (for numbers squared error) is lowered by AdamW with
/// a learning rate for the head and one for the encoders.
/// ]]></format>
/// </remarks>
public sealed class FineTuningEstimator : IEstimator<FineTunedTransformer>
{
    private const string ValidationRow = "Validation row";
    private const double ShareOfPublished = 0.1;

    private readonly IHostEnvironment _environment;
    private readonly GentleClipTransformer? _initial;
    private readonly FineTuningOptions _options;
    private readonly FineTuningTask _task;
    private readonly IReadOnlyList<(Side Side, Modality Modality)> _sides;

    internal FineTuningEstimator(IHostEnvironment environment, FineTuningTask task, GentleClipTransformer? initial, FineTuningOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        MlNetVersion.EnsureSupported();
        (_environment, _task, _initial, _options) = (environment, task, initial, options with { });
        _sides = Sides(initial, _options);
        foreach (var (_, modality) in _sides)
        {
            modality.Validate();
            if (modality.OtherInputColumnNames.Append(modality.InputColumnName).Contains(_options.LabelColumnName))
                throw new ArgumentException($"Column '{_options.LabelColumnName}' is both the label and an input; expected a label column of its own.");
        }
        if (_options.ClassWeighting != ClassWeighting.None && task == FineTuningTask.Regression)
            throw new ArgumentException($"{nameof(FineTuningOptions.ClassWeighting)} is {_options.ClassWeighting}, but numbers have no classes.");
        if (_options.Batches.PairsPerBatch is not null || _options.Batches.PairsPerBatchRule != default || _options.Validation.GuardUnpairedObjectives)
            throw new ArgumentException(
                "Batches.PairsPerBatch, Batches.PairsPerBatchRule or Validation.GuardUnpairedObjectives is set, but a fine-tuning has rows, not pairs.");
        if (_options.Batches.Shards is > 1)
            throw new ArgumentException($"Batches.Shards is {_options.Batches.Shards}, but a fine-tuning cuts no batches; expected 1, or none.");
    }

    /// <summary>Trains on the rows that have a label and all sides.</summary>
    /// <param name="input">Rows; read once.</param>
    /// <returns>The fitted transformer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">
    /// The rows cannot be trained on, or an encoder has fewer layers than are to be trained; the message says why.
    /// </exception>
    /// <exception cref="FileNotFoundException">A file of pretrained weights is missing.</exception>
    /// <exception cref="InvalidDataException">A file of pretrained weights is damaged, or of another model or size.</exception>
    /// <exception cref="ObjectDisposedException">The transformer to start from was disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled through the options' token or the host.</exception>
    /// <exception cref="ArithmeticException">The loss or its gradient became NaN or infinite.</exception>
    /// <remarks>What <see cref="FineTuningOptions.Progress"/> throws comes out as it is.</remarks>
    public FineTunedTransformer Fit(IDataView input) => Fit(input, validation: null);

    /// <summary>Trains on the rows that have a label and all sides, validating on those of another view.</summary>
    /// <param name="train">Rows; read once.</param>
    /// <param name="validation">
    /// Rows whose loss decides which epoch's weights are kept and when to stop; null takes <see cref="ValidationOptions.Fraction"/> of the training
    /// rows.
    /// </param>
    /// <returns>The fitted transformer.</returns>
    /// <inheritdoc cref="Fit(IDataView)" path="/exception"/>
    /// <remarks>What <see cref="FineTuningOptions.Progress"/> throws comes out as it is.</remarks>
    public FineTunedTransformer Fit(IDataView train, IDataView? validation)
    {
        ArgumentNullException.ThrowIfNull(train);
        var host = _environment.Register(nameof(FineTuningEstimator));
        using var reporter = new TrainingReporter(host, _options.Progress, _options.Clock);
        FineTunedTransformer? fitted = null;
        try
        {
            fitted = Fit(train, validation, host, reporter);
            reporter.Finish();
            return fitted;
        }
        catch
        {
            fitted?.Dispose();
            reporter.Stop();
            throw;
        }
    }

    /// <summary>The input's columns and those of the predictions.</summary>
    /// <param name="inputSchema">Shape of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        foreach (var (_, modality) in _sides)
            ModalityKinds.CheckShape(modality, inputSchema);
        var label = FineTuningLabels.Check(_task, _options.LabelColumnName, inputSchema);
        var columns = inputSchema.ToDictionary(column => column.Name);
        foreach (var name in Transformers.ScoreSchema.Names(_task))
            columns[name] = Promise(name, label);
        return new SchemaShape(columns.Values);
    }

    private SchemaShape.Column Promise(string name, SchemaShape.Column label) => (_task, name) switch
    {
        (FineTuningTask.Multiclass, Transformers.ScoreSchema.PredictedLabel) => SchemaShapes.KeyLike(name, label),
        (FineTuningTask.Binary, Transformers.ScoreSchema.PredictedLabel) => SchemaShapes.Boolean(name),
        (FineTuningTask.Multiclass, _) => SchemaShapes.FloatVectorNamedByKeys(name, label),
        (FineTuningTask.MultiLabel, _) => label.IsKey ? SchemaShapes.FloatVectorNamedByKeys(name, label) : SchemaShapes.FloatVectorNamedAs(name, label),
        _ => SchemaShapes.Scalar(name, NumberDataViewType.Single),
    };

    private FineTunedTransformer Fit(IDataView train, IDataView? validation, IHost host, TrainingReporter reporter)
    {
        CheckCancelled();
        reporter.Begin(TrainingPhase.Starting);
        TorchNativeLibrary.EnsureLoaded();
        using var trimming = NativeHeap.Later();
        using var training = inference_mode(false);
        using var gradients = enable_grad();
        if (_initial is null)
            foreach (var (_, modality) in _sides)
                EncoderKinds.CheckFiles(modality);
        using var threads = ThreadCountLease.Acquire(_options.NumberOfThreads, CheckCancelled, _options.CancellationToken);
        var device = ComputeDevice.Resolve(_options.Device, HostSettings.GpuDeviceId(host), HostSettings.FallbackToCpu(host), reporter.Warning);
        if (_options.Precision != EncoderPrecision.Float32)
            BFloat16Products.ThrowIfMissing($"{nameof(FineTuningOptions)}.{nameof(FineTuningOptions.Precision)}", device);
        using var folder = _options.Checkpoints.Directory is { } directory ? new CheckpointFolder(directory, reporter.Warning) : null;
        // Where nobody named a seed, a training that goes on keeps its own.
        var seed = _options.Seed ?? HostSettings.Seed(host) ?? folder?.Seed ?? RandomNumberGenerator.GetInt32(int.MaxValue);
        reporter.Info($"Seed {seed}.");
        using var random = new RandomSource(seed);

        using var rows = Read(train, TrainingPhase.ReadingRows, "Row", trained: null);
        using var validationRows = validation is null ? null : Read(validation, TrainingPhase.ReadingValidationRows, ValidationRow, rows);
        reporter.EndPhase();
        foreach (var remark in rows.LeftOut)
            reporter.Warning(remark);
        foreach (var remark in validationRows?.LeftOut ?? [])
            reporter.Warning($"Validation data: {remark}");
        if (validationRows?.Label.Remark is { } guess)
            reporter.Warning($"Validation data: {guess}");
        foreach (var finding in rows.FindDefaultValues())
            reporter.Warning(finding);
        using var run = new FineTuningFit(_options, seed, random, device, reporter, CheckCancelled, folder, rows, validationRows);
        var model = _initial is null ? run.Run(_sides, null, ShareOfRate) : _initial.Use(initial => run.Run(_sides, initial, ShareOfRate));
        return new FineTunedTransformer(model, device, _environment);

        FineTuningRows Read(IDataView data, TrainingPhase phase, string rowName, FineTuningRows? trained)
        {
            reporter.Begin(phase, ProgressUnit.Rows, data.GetRowCount());
            var bindings = _sides.Select(side => (side.Side, ModalityKinds.Bind(side.Modality, data.Schema))).ToList();
            foreach (var (number, binding) in bindings.Index())
            {
                var expected = trained?.Sides[number].Binding.InputDimension ?? _initial?.Use(model => model.SpecOf(binding.Side).InputDimension);
                if (expected is { } size && size != binding.Item2.InputDimension)
                    throw SchemaErrors.Mismatch(trained is null ? "input" : "validation", binding.Item2.Column.Name,
                        string.Create(CultureInfo.InvariantCulture, $"{size} features as in training"), binding.Item2.Column.Type.ToString()!);
            }
            var labels = FineTuningLabels.Bind(_task, _options.LabelColumnName, data.Schema, trained?.Label.Spec);
            return FineTuningRows.Read(data, bindings, labels, CheckCancelled, rowName, done => reporter.At(done));
        }

        void CheckCancelled()
        {
            _options.CancellationToken.ThrowIfCancellationRequested();
            if (HostSettings.IsCanceled(host))
                throw new OperationCanceledException("The training was cancelled through the MLContext.");
        }
    }

    // What was learnt from much data is changed with care.
    private double ShareOfRate(Side side)
    {
        if (_options.EncoderLearningRate is { } rate)
            return rate / _options.Optimizer.LearningRate;
        var modality = _sides.First(entry => entry.Side == side).Modality;
        var kind = EncoderKinds.Of(modality);
        return (_initial is null ? kind.Files(modality).Weights is not null : kind.IsUsuallyPublished) ? ShareOfPublished : 1;
    }

    private static IReadOnlyList<(Side, Modality)> Sides(GentleClipTransformer? initial, FineTuningOptions options)
    {
        if ((initial is null) == (options.Modalities is null))
            throw new ArgumentException(initial is null
                ? $"There is nothing to start from: give a fitted transformer, or {nameof(FineTuningOptions.Modalities)}."
                : $"There is a fitted transformer and {nameof(FineTuningOptions.Modalities)} as well; expected one of them.");
        (Side Side, Modality Modality)[] all = initial is not null
            ? [(Side.A, initial.ModalityA), (Side.B, initial.ModalityB)]
            : [.. options.Modalities!.Select((modality, number) => (number == 0 ? Side.A : Side.B, modality))];
        if (all.Length == 2 && all[0].Modality.InputColumnName == all[1].Modality.InputColumnName)
            throw new ArgumentException($"Both modalities read column '{all[0].Modality.InputColumnName}'; expected two different columns.");
        var chosen = all.Where(side => options.Side is null || side.Side == options.Side).ToArray();
        if (chosen.Length == 0)
            throw new ArgumentException($"{nameof(FineTuningOptions.Side)} is {options.Side}, but there is one modality only, side {Side.A}.");
        foreach (var (side, modality) in initial is null ? [] : chosen)
            if (initial!.Use(model => model.TowerOf(side)) is null)
                throw new ArgumentException(
                    $"The transformer is a closed form without towers: column '{modality.InputColumnName}' has no encoder to fine-tune. Train it with towers, "
                    + $"such as {nameof(ClosedFormRole)}.{nameof(ClosedFormRole.BesideTowers)}, or start from {nameof(FineTuningOptions.Modalities)}.");
        return chosen;
    }
}
