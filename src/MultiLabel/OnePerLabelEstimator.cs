using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.MultiLabel;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Predicts many labels per row, such as EC numbers or GO terms, with one binary model per label. Make one with
/// <c>mlContext.BinaryClassification.Trainers.OnePerLabel(...)</c>.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Estimator Characteristics
/// |  |  |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | Yes |
/// | Input column data type | Features: known-sized vector of <xref:System.Single>; labels: known-sized vector of Boolean, Single or Double |
/// | Output column data type | Known-sized vectors of <xref:System.Single>: scores, and probabilities where the trainer is calibrated |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.GentleClip |
/// | Exportable to ONNX | Yes, where ML.NET can write the models that the trainer makes |
///
/// Labels that are numbers are above 0 where the row has the label, and NaN where that is not known.
/// ]]></format>
/// <para>The rows are read once and kept in memory; labels are trained in parallel, each by a trainer of its own. The trainers are made one
/// after another, so that with a seed in the <see cref="MLContext"/> and a trainer that is itself reproducible (one thread for SDCA and
/// L-BFGS) the result does not depend on the degree of parallelism.</para>
/// <para>Rows whose features are absent (NaN) are left out, and so are, for one label, the rows where it is not known. A label that no row
/// has, or every row, gets a constant score and probability, 0 or 1, with a warning.</para>
/// </remarks>
public sealed class OnePerLabelEstimator : IEstimator<OnePerLabelTransformer>
{
    private const int LabelsNamedInWarning = 10;

    private readonly IHostEnvironment _environment;
    private readonly Func<string, string, IEstimator<ISingleFeaturePredictionTransformer<object>>> _trainerFactory;
    private readonly string _labelColumn;
    private readonly string _featureColumn;
    private readonly string _scoreColumn;
    private readonly string _probabilityColumn;
    private readonly ParallelOptions _parallel;
    private readonly Lazy<bool> _isCalibrated;

    internal OnePerLabelEstimator(
        IHostEnvironment environment, Func<string, string, IEstimator<ISingleFeaturePredictionTransformer<object>>> trainerFactory,
        string labelColumn, string featureColumn, string scoreColumn, string probabilityColumn, ParallelOptions parallel)
    {
        MlNetVersion.EnsureSupported();
        (_environment, _trainerFactory, _parallel) = (environment, trainerFactory, parallel);
        (_labelColumn, _featureColumn, _scoreColumn, _probabilityColumn) = (labelColumn, featureColumn, scoreColumn, probabilityColumn);
        _isCalibrated = new(() => CreateTrainer()
            .GetOutputSchema(new SchemaShape([SchemaShapes.FloatVector(LabelledExamples.FeatureColumn), SchemaShapes.Boolean(LabelledExamples.LabelColumn)]))
            .Any(column => column.Name == "Probability"));
    }

    /// <summary>Trains one model per label.</summary>
    /// <param name="input">Rows with features and labels; read once.</param>
    /// <returns>The fitted transformer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">No row has features, a feature is infinite, or a label's training failed; the message names it.</exception>
    /// <exception cref="OperationCanceledException">Cancelled through the token or the host; labels whose training has begun are finished first.</exception>
    public OnePerLabelTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        GetOutputSchema(SchemaShapes.Of(input.Schema));
        var host = _environment.Register(nameof(OnePerLabelEstimator));
        using var channel = host.Start("Training");
        CheckCancelled();
        var isCalibrated = _isCalibrated.Value;
        var examples = LabelledExamples.Read(input, _labelColumn, _featureColumn, CheckCancelled);
        if (examples.SkippedRowCount > 0)
            channel.Info(MessageSensitivity.None, string.Create(CultureInfo.InvariantCulture,
                $"{examples.SkippedRowCount} rows without features in column '{_featureColumn}' are left out; {examples.RowCount} are trained on."));
        float?[] constants = [.. Enumerable.Range(0, examples.LabelCount).Select(examples.Constant)];
        WarnOfConstants(channel, examples, constants);

        // One after another: each takes its seed from the context when it is made.
        var trainers = Array.ConvertAll(constants, _ => CreateTrainer());
        var models = new BinaryModel?[constants.Length];
        try
        {
            Parallel.For(0, models.Length, _parallel, label =>
            {
                CheckCancelled();
                if (constants[label] is null)
                    models[label] = Train(trainers[label], examples.ForLabel(host, label), NameOf(examples, label), isCalibrated);
            });
        }
        catch (AggregateException e)
        {
            var first = e.Flatten().InnerExceptions[0];
            if (first is OperationCanceledException cancelled)
                throw new OperationCanceledException(cancelled.Message, cancelled, cancelled.CancellationToken);
            throw new InvalidOperationException(first.Message, first.InnerException);
        }
        return new OnePerLabelTransformer(_environment, new LabelModels(
            _featureColumn, examples.FeatureCount, _scoreColumn, isCalibrated ? _probabilityColumn : null, examples.LabelNames, models, constants));

        void CheckCancelled()
        {
            _parallel.CancellationToken.ThrowIfCancellationRequested();
            if (HostSettings.IsCanceled(host))
                throw new OperationCanceledException("The training was cancelled through the MLContext.");
        }
    }

    /// <summary>The input's columns and those of the scores and probabilities.</summary>
    /// <param name="inputSchema">Shape of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        Check("feature", _featureColumn, "Vector<Single>", type => type == NumberDataViewType.Single);
        var labels = Check("label", _labelColumn, "Vector<Boolean> or a vector of numbers", LabelVectorReader.IsLabel);
        var columns = inputSchema.ToDictionary(column => column.Name);
        columns[_scoreColumn] = SchemaShapes.FloatVectorNamedAs(_scoreColumn, labels);
        if (_isCalibrated.Value)
            columns[_probabilityColumn] = SchemaShapes.FloatVectorNamedAs(_probabilityColumn, labels);
        return new SchemaShape(columns.Values);

        SchemaShape.Column Check(string role, string name, string expected, Func<DataViewType, bool> isRight)
        {
            if (!SchemaShapes.TryFind(inputSchema, name, out var column))
                throw SchemaErrors.Missing(role, name, inputSchema);
            return column.Kind == SchemaShape.Column.VectorKind.Vector && !column.IsKey && isRight(column.ItemType)
                ? column
                : throw SchemaErrors.Mismatch(role, name, expected, SchemaShapes.Describe(column));
        }
    }

    private IEstimator<ISingleFeaturePredictionTransformer<object>> CreateTrainer() =>
        _trainerFactory(LabelledExamples.LabelColumn, LabelledExamples.FeatureColumn)
        ?? throw new InvalidOperationException("The trainer factory returned null; it must make a new trainer each time.");

    private static BinaryModel Train(IEstimator<ISingleFeaturePredictionTransformer<object>> trainer, IDataView data, string label, bool isCalibrated)
    {
        BinaryModel model;
        try
        {
            model = BinaryModel.Of(trainer.Fit(data).Model);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new InvalidOperationException($"Training the label '{label}' failed: {e.Message}", e);
        }
        return model.HasProbability || !isCalibrated
            ? model
            : throw new InvalidOperationException($"The model of the label '{label}' has no probability, although its trainer promised one.");
    }

    private static void WarnOfConstants(IChannel channel, LabelledExamples examples, float?[] constants)
    {
        foreach (var (value, which) in new[] { (0f, "No row has"), (1f, "Every row has") })
        {
            var labels = Enumerable.Range(0, constants.Length).Where(label => constants[label] == value).ToList();
            if (labels.Count > 0)
                channel.Warning(MessageSensitivity.None, string.Create(CultureInfo.InvariantCulture,
                    $"{which} {labels.Count} of {constants.Length} labels, whose score is therefore {value} for all rows: "
                        + $"{string.Join(", ", labels.Take(LabelsNamedInWarning).Select(label => NameOf(examples, label)))}"
                        + $"{(labels.Count > LabelsNamedInWarning ? ", ..." : "")}."));
        }
    }

    private static string NameOf(LabelledExamples examples, int label) => examples.LabelNames?[label] ?? label.ToString(CultureInfo.InvariantCulture);
}
