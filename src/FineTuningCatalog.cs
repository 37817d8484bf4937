using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Onnx;

namespace Microsoft.ML;

/// <summary>Adds fine-tuning of Gentle-CLIP's encoders to ML.NET's multiclass trainers, and its export to the model operations.</summary>
public static class FineTuningCatalog
{
    /// <summary>Creates an estimator that fine-tunes the encoders of a fitted transformer for classes, with the recommended settings.</summary>
    /// <remarks>Characteristics and algorithm: <see cref="FineTuningEstimator"/>.</remarks>
    /// <example>
    /// The sample <c>samples/ProteinAlignment</c> aligns sequences and structures; docs/fine-tuning.md goes on from there.
    /// <code>
    /// var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label", "Family")
    ///     .Append(mlContext.MulticlassClassification.Trainers.GentleClipFineTuning(model, "Label", Side.B));
    /// MulticlassClassificationMetrics metrics = mlContext.MulticlassClassification.Evaluate(pipeline.Fit(train).Transform(test));
    /// </code>
    /// </example>
    /// <param name="catalog">The catalog of trainers.</param>
    /// <param name="model">The transformer, whose weights stay as they are; it must live until the end of <c>Fit</c>.</param>
    /// <param name="labelColumnName">The classes: a key.</param>
    /// <param name="side">The side to predict from; null (default) for both.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">A name is empty, the label is an input, or the transformer has no encoder on that side.</exception>
    public static FineTuningEstimator GentleClipFineTuning(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        GentleClipTransformer model,
        string labelColumnName = FineTuningOptions.Defaults.LabelColumnName,
        Side? side = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return catalog.GentleClipFineTuning(model, new FineTuningOptions { LabelColumnName = labelColumnName, Side = side });
    }

    /// <summary>Creates an estimator that fine-tunes the encoders of a fitted transformer for classes.</summary>
    /// <remarks>Characteristics and algorithm: <see cref="FineTuningEstimator"/>.</remarks>
    /// <example>
    /// Only the head is trained; <c>studies/ProteinTasks</c> compares that with more.
    /// <code>
    /// var options = new FineTuningOptions { LabelColumnName = "Label", TrainableLayers = 0 };
    /// FineTunedTransformer tuned = mlContext.MulticlassClassification.Trainers.GentleClipFineTuning(model, options).Fit(train);
    /// </code>
    /// </example>
    /// <param name="catalog">The catalog of trainers.</param>
    /// <param name="model">The transformer, whose weights stay as they are; it must live until the end of <c>Fit</c>.</param>
    /// <param name="options">What to train and how; copied.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">
    /// The options have modalities as well, or contradict each other, or the transformer has no encoder on a side.
    /// </exception>
    public static FineTuningEstimator GentleClipFineTuning(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog, GentleClipTransformer model, FineTuningOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        return new FineTuningEstimator(CatalogEnvironment.Of(catalog), FineTuningTask.Multiclass, model, options);
    }

    /// <summary>Creates an estimator that trains the encoders of <see cref="FineTuningOptions.Modalities"/>, fresh or published, for classes.</summary>
    /// <remarks>Characteristics and algorithm: <see cref="FineTuningEstimator"/>.</remarks>
    /// <example>
    /// From random weights; <c>studies/ProteinTasks</c> compares that with pretrained ones.
    /// <code>
    /// var options = new FineTuningOptions
    /// {
    ///     LabelColumnName = "Label",
    ///     Modalities = [Modality.ProteinSequence("SequenceEmbedding", "Sequence")],
    /// };
    /// FineTunedTransformer tuned = mlContext.MulticlassClassification.Trainers.GentleClipFineTuning(options).Fit(train);
    /// </code>
    /// </example>
    /// <param name="catalog">The catalog of trainers.</param>
    /// <param name="options">What to train and how; copied.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">The options have no modalities, or contradict each other.</exception>
    public static FineTuningEstimator GentleClipFineTuning(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog, FineTuningOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new FineTuningEstimator(CatalogEnvironment.Of(catalog), FineTuningTask.Multiclass, initial: null, options);
    }

    /// <summary>
    /// Writes a fine-tuned model as an ONNX file, which runs wherever ONNX Runtime does, without ML.NET and torch: encoders, head, and for classes the
    /// probabilities and the most probable one.
    /// </summary>
    /// <remarks>
    /// Inputs are those of the encoders' graphs with <c>a_</c> or <c>b_</c> in front, and <see cref="OnnxPreprocessor.FromMetadata(IReadOnlyDictionary{string,
    /// string}, Side)"/> prepares them; outputs are <c>score</c>, and by the task <c>probability</c> and <c>predicted_label</c>. See docs/fine-tuning.md.
    /// </remarks>
    /// <example>
    /// The sample <c>samples/ProteinAlignment</c> has sequences to fine-tune on.
    /// <code>
    /// ITransformer tuned = mlContext.MulticlassClassification.Trainers.GentleClipFineTuning(model, "Label", Side.A).Fit(train);
    /// mlContext.Model.ConvertGentleClipFineTuningToOnnx(tuned, "families.onnx");
    /// </code>
    /// </example>
    /// <param name="catalog">The catalog of model operations.</param>
    /// <param name="model">A <see cref="FineTunedTransformer"/>, or a chain of transformers that has one; of several the last.</param>
    /// <param name="path">File to write; replaced if it is there.</param>
    /// <param name="externalDataThreshold">As for <see cref="GentleClipOnnxCatalog.ConvertGentleClipToOnnx"/>.</param>
    /// <param name="cancellationToken">Stops the writing; what was there stays.</param>
    /// <exception cref="ArgumentException">The model has no such transformer.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="externalDataThreshold"/> is out of range.</exception>
    /// <exception cref="NotSupportedException">An encoder is not the library's own; the message names it.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void ConvertGentleClipFineTuningToOnnx(
        this ModelOperationsCatalog catalog,
        ITransformer model,
        string path,
        long externalDataThreshold = OnnxExporter.LargestInside,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegative(externalDataThreshold);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(externalDataThreshold, OnnxExporter.LargestInside);
        var transformer = Transformers(model).LastOrDefault()
            ?? throw new ArgumentException($"Expected a {nameof(FineTunedTransformer)} or a chain with one, found {model.GetType().Name} without.",
                nameof(model));
        transformer.WriteOnnx(path, externalDataThreshold, cancellationToken);
    }

    private static IEnumerable<FineTunedTransformer> Transformers(ITransformer model) => model switch
    {
        FineTunedTransformer transformer => [transformer],
        IEnumerable<ITransformer> chain => chain.SelectMany(Transformers),
        _ => [],
    };
}
