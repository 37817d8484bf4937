using System.Security.Cryptography;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Options;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers;
using Microsoft.ML.GentleClip.Trainers.Checkpoints;
using Microsoft.ML.GentleClip.Trainers.Sharding;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Learns one embedding space for two modalities from few matched pairs and many unmatched samples. Make one with
/// <c>mlContext.Transforms.GentleClip(...)</c>.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Estimator Characteristics
/// |  |  |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | Yes |
/// | Input column data type | Numbers: a vector of known size or a scalar. Text: texts, sequences. A vector of variable size: structures. Image or pixels |
/// | Paired column data type | <xref:System.Boolean> |
/// | Output column data type | Known-sized vector of <xref:System.Single>, with slot names: the column's name, a dot and a number |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.GentleClip; TorchSharp-cpu, TorchSharp-cuda-linux or TorchSharp-cuda-windows |
/// | Exportable to ONNX | The whole pipeline where both modalities are vectors; else each column by `mlContext.Model.ConvertGentleClipToOnnx` |
///
/// Numbers are <xref:System.Single>, <xref:System.Double> or integers, in a vector also <xref:System.Boolean>.
///
/// ### Training Algorithm Details
/// Two towers (encoder and projection head) are trained on batches of matched pairs and unpaired samples. The loss is
/// $\alpha (L_{CL} + \mu L_{SSL-U} + \mu L_{SSL-V}) + \delta L_{MK-MMD} + \eta L_{SDD}$: the contrastive loss of CLIP on the pairs, a
/// self-supervised contrastive loss in each modality, the multi-kernel maximum mean discrepancy and the semantic density distribution
/// loss between the modalities (Song et al., Gentle-CLIP, equations 1 to 9).
///
/// By default, and where both modalities are feature vectors, a closed-form alignment of the pairs and of the unpaired samples is the embedding,
/// without towers; where something asks for towers it stands beside them (<xref:Microsoft.ML.GentleClip.GentleClipOptions.ClosedForm>): most
/// of what unpaired samples give comes from it.
/// ]]></format>
/// </remarks>
public sealed class GentleClipEstimator : IEstimator<GentleClipTransformer>
{
    private const string ValidationRow = "Validation row";

    private readonly IHostEnvironment _environment;
    private readonly GentleClipOptions _options;

    internal GentleClipEstimator(IHostEnvironment environment, GentleClipOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        MlNetVersion.EnsureSupported();
        _environment = environment;
        _options = options with { };
        OptionsValidator.Validate(_options);
        _options.ModalityA!.ValidateTraining();
        _options.ModalityB!.ValidateTraining();
    }

    /// <summary>Trains on all rows of a data view.</summary>
    /// <param name="input">Rows with both sides, one or none; read once.</param>
    /// <returns>The fitted transformer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">The rows cannot be trained on; the message names row, column and slot.</exception>
    /// <exception cref="FileNotFoundException">A file of pretrained weights is missing.</exception>
    /// <exception cref="InvalidDataException">A file of pretrained weights is damaged, or of another model or size.</exception>
    /// <exception cref="OperationCanceledException">Cancelled through the options' token or the host.</exception>
    /// <exception cref="ArithmeticException">The loss or its gradient became NaN or infinite.</exception>
    /// <remarks>What <see cref="GentleClipOptions.Progress"/> throws comes out as it is.</remarks>
    /// <example>
    /// <code>
    /// GentleClipTransformer fitted = estimator.Fit(data);   // dispose it at the end
    /// Console.WriteLine(fitted.ClosedForm);   // what was fitted, and why
    /// </code>
    /// </example>
    public GentleClipTransformer Fit(IDataView input) => Fit(input, validation: null, initial: null);

    /// <summary>Trains on all rows of a data view, validating on the matched pairs of another.</summary>
    /// <param name="train">Rows with both sides, one or none; read once.</param>
    /// <param name="validation">
    /// Rows whose matched pairs decide which epoch's weights are kept and when to stop; null takes
    /// <see cref="ValidationOptions.Fraction"/> of the training pairs.
    /// </param>
    /// <param name="initial">
    /// A fitted transformer of the same shape to continue from; null starts from random weights. A closed form is always fitted anew.
    /// </param>
    /// <returns>The fitted transformer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="ArgumentException"><paramref name="initial"/> has other dimensions or encoders.</exception>
    /// <exception cref="InvalidOperationException">The rows cannot be trained on; the message names row, column and slot.</exception>
    /// <exception cref="FileNotFoundException">A file of pretrained weights is missing.</exception>
    /// <exception cref="InvalidDataException">A file of pretrained weights is damaged, or of another model or size.</exception>
    /// <exception cref="OperationCanceledException">Cancelled through the options' token or the host.</exception>
    /// <exception cref="ArithmeticException">The loss or its gradient became NaN or infinite.</exception>
    /// <remarks>What <see cref="GentleClipOptions.Progress"/> throws comes out as it is.</remarks>
    public GentleClipTransformer Fit(IDataView train, IDataView? validation = null, GentleClipTransformer? initial = null)
    {
        ArgumentNullException.ThrowIfNull(train);
        // Registered for each training: a host takes over the context's GPU settings when it is made.
        var host = _environment.Register(nameof(GentleClipEstimator));
        using var reporter = new TrainingReporter(host, _options.Progress, _options.Clock, _options.ProcessGroup);
        using var use = _options.ProcessGroup?.Use();
        GentleClipTransformer? fitted = null;
        try
        {
            fitted = Fit(train, validation, initial, host, reporter);
            reporter.Finish();
            return fitted;
        }
        catch (Exception exception)
        {
            fitted?.Dispose();
            reporter.Stop();
            // The others wait for this process in the midst of their work, and would for ever.
            if (_options.ProcessGroup is { Size: > 1 } group && exception is not StoppedTogetherException)
                group.Abort($"{exception.GetType().Name}: {exception.Message}");
            throw;
        }
    }

    /// <summary>Says what <c>Fit</c> would do with the same arguments, and trains nothing.</summary>
    /// <param name="train">Rows with both sides, one or none; read once.</param>
    /// <param name="validation">Rows whose matched pairs would be validated on, or null.</param>
    /// <param name="initial">A fitted transformer that the training would continue from, or null.</param>
    /// <returns>The plan; its <see cref="object.ToString"/> says it in words.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">The rows cannot be trained on; the message names row, column and slot.</exception>
    /// <exception cref="FileNotFoundException">A file of pretrained weights is missing.</exception>
    /// <exception cref="OperationCanceledException">Cancelled through the options' token or the host.</exception>
    public TrainingPlan Plan(IDataView train, IDataView? validation = null, GentleClipTransformer? initial = null)
    {
        ArgumentNullException.ThrowIfNull(train);
        var host = _environment.Register(nameof(GentleClipEstimator));
        TorchNativeLibrary.EnsureLoaded();
        EncoderKinds.CheckFiles(_options.ModalityA!);
        EncoderKinds.CheckFiles(_options.ModalityB!);
        using var data = TrainingData.Read(train, _options, () => CheckCancelled(host));
        using var validationData = validation is null
            ? null
            : TrainingData.Read(validation, _options, () => CheckCancelled(host), rowName: ValidationRow, trains: false);
        return Resolve(data, validationData, initial);
    }

    private GentleClipTransformer Fit(IDataView train, IDataView? validation, GentleClipTransformer? initial, IHost host, TrainingReporter reporter)
    {
        CheckCancelled();
        reporter.Begin(TrainingPhase.Starting);
        TorchNativeLibrary.EnsureLoaded();
        // First, so that it comes last, however the training ends: the C library keeps what was freed.
        using var trimming = NativeHeap.Later();
        // The caller may be inside a no_grad or inference block of its own.
        using var training = inference_mode(false);
        using var gradients = enable_grad();
        CheckCancelled();
        EncoderKinds.CheckFiles(_options.ModalityA!);
        EncoderKinds.CheckFiles(_options.ModalityB!);
        using var threads = ThreadCountLease.Acquire(_options.NumberOfThreads, CheckCancelled, _options.CancellationToken);
        var device = ComputeDevice.Resolve(_options.Device, HostSettings.GpuDeviceId(host), HostSettings.FallbackToCpu(host), reporter.OwnWarning);
        if (_options.Precision != EncoderPrecision.Float32)
            BFloat16Products.ThrowIfMissing($"{nameof(GentleClipOptions)}.{nameof(GentleClipOptions.Precision)}", device);
        using var checkpoints = _options.Checkpoints.Directory is { } directory
            && TrainingPlan.MayTrainTowers(_options, validates: validation is not null, continues: initial is not null)
            ? new CheckpointFolder(directory, reporter.Warning, _options.CheckpointStream, _options.ProcessGroup)
            : null;
        // Where nobody named a seed, a training that goes on keeps its own.
        var seed = _options.Seed ?? HostSettings.Seed(host) ?? checkpoints?.Seed ?? RandomNumberGenerator.GetInt32(int.MaxValue);
        if (_options.ProcessGroup is { } group)
            seed = (int)group.OfFirst((long)seed, "the seed");
        reporter.Info($"Seed {seed}.");
        using var random = new RandomSource(seed);

        using var data = Read(train, TrainingPhase.ReadingRows, rowName: "Row", trains: true);
        using var validationData = validation is null ? null : Read(validation, TrainingPhase.ReadingValidationRows, ValidationRow, trains: false);
        reporter.EndPhase();
        var plan = Resolve(data, validationData, initial);
        foreach (var finding in data.FindDefaultValues().Concat(validationData?.FindDefaultValues("Validation data: ") ?? []))
            reporter.Warning(finding);
        var (validationSet, trained) = ValidationPairs.Choose(plan, data, validationData, random, reporter);
        if (_options.ProcessGroup is { } sharing)
            validationSet = validationSet is null ? null : validationSet with { Group = sharing };
        if (_options.ClosedForm is not null && plan.ClosedForm is null)
            reporter.Info($"No closed form: {plan.ClosedFormReason}.{plan.LeftOutWithClosedForm}");
        if (plan.Warning is { } warning)
            reporter.Warning(warning);
        using var run = new ModelFit(plan, seed, random, device, reporter, CheckCancelled, trained, validationSet, checkpoints);
        // A disposed initial model frees its weights when the training has read them.
        return new GentleClipTransformer(initial is null ? run.Run(null) : initial.Use(run.Run), device, _environment);

        TrainingData Read(IDataView rows, TrainingPhase phase, string rowName, bool trains)
        {
            reporter.Begin(phase, ProgressUnit.Rows, rows.GetRowCount());
            return TrainingData.Read(
                rows, _options, CheckCancelled, rowName, trains, done => reporter.At(done), BatchSharding.Of(_options));
        }

        void CheckCancelled() => this.CheckCancelled(host);
    }

    private TrainingPlan Resolve(TrainingData data, TrainingData? validation, GentleClipTransformer? initial)
    {
        if (validation is not null)
            ValidationPairs.CheckColumns(data, validation);
        return TrainingPlan.Resolve(_options, TrainingFacts.Of(data, validation, continues: initial is not null));
    }

    private void CheckCancelled(IHost host)
    {
        _options.CancellationToken.ThrowIfCancellationRequested();
        if (HostSettings.IsCanceled(host))
            throw new OperationCanceledException("The training was cancelled through the MLContext.");
    }

    /// <summary>The input's columns, the two embedding columns, and the columns of features that the modalities name.</summary>
    /// <param name="inputSchema">Shape of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ModalityKinds.CheckShape(_options.ModalityA!, inputSchema);
        ModalityKinds.CheckShape(_options.ModalityB!, inputSchema);
        if (_options.PairedColumnName is { } paired)
        {
            if (!SchemaShapes.TryFind(inputSchema, paired, out var column))
                throw SchemaErrors.Missing("paired", paired, inputSchema);
            if (column.Kind != SchemaShape.Column.VectorKind.Scalar || column.ItemType != BooleanDataViewType.Instance)
                throw SchemaErrors.Mismatch("paired", paired, "Boolean", SchemaShapes.Describe(column));
        }
        var columns = inputSchema.ToDictionary(column => column.Name);
        foreach (var name in _options.ModalityA!.OutputColumnNames.Concat(_options.ModalityB!.OutputColumnNames))
            columns[name] = SchemaShapes.FloatVectorWithSlotNames(name);
        return new SchemaShape(columns.Values);
    }
}
