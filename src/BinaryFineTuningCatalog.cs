using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML;

/// <summary>Adds fine-tuning of Gentle-CLIP's encoders to ML.NET's binary trainers.</summary>
public static class BinaryFineTuningCatalog
{
    /// <summary>Creates an estimator that fine-tunes the encoders of a fitted transformer for yes or no, with the recommended settings.</summary>
    /// <remarks>Characteristics and algorithm: <see cref="FineTuningEstimator"/>.</remarks>
    /// <example>
    /// The sample <c>samples/ProteinAlignment</c> aligns sequences and structures; docs/fine-tuning.md goes on from there.
    /// <code>
    /// ITransformer fitted = mlContext.BinaryClassification.Trainers.GentleClipFineTuning(model, "IsEnzyme").Fit(train);
    /// CalibratedBinaryClassificationMetrics metrics = mlContext.BinaryClassification.Evaluate(fitted.Transform(test), "IsEnzyme");
    /// </code>
    /// </example>
    /// <param name="catalog">The catalog of trainers.</param>
    /// <param name="model">The transformer, whose weights stay as they are; it must live until the end of <c>Fit</c>.</param>
    /// <param name="labelColumnName">The truth: a Boolean.</param>
    /// <param name="side">The side to predict from; null (default) for both.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">A name is empty, the label is an input, or the transformer has no encoder on that side.</exception>
    public static FineTuningEstimator GentleClipFineTuning(
        this BinaryClassificationCatalog.BinaryClassificationTrainers catalog,
        GentleClipTransformer model,
        string labelColumnName = FineTuningOptions.Defaults.LabelColumnName,
        Side? side = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return catalog.GentleClipFineTuning(model, new FineTuningOptions { LabelColumnName = labelColumnName, Side = side });
    }

    /// <summary>Creates an estimator that fine-tunes the encoders of a fitted transformer for yes or no.</summary>
    /// <remarks>Characteristics and algorithm: <see cref="FineTuningEstimator"/>.</remarks>
    /// <example>
    /// Only the head is trained; <c>studies/ProteinTasks</c> compares that with more.
    /// <code>
    /// var options = new FineTuningOptions { LabelColumnName = "IsEnzyme", TrainableLayers = 0 };
    /// FineTunedTransformer tuned = mlContext.BinaryClassification.Trainers.GentleClipFineTuning(model, options).Fit(train);
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
        this BinaryClassificationCatalog.BinaryClassificationTrainers catalog, GentleClipTransformer model, FineTuningOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        return new FineTuningEstimator(CatalogEnvironment.Of(catalog), FineTuningTask.Binary, model, options);
    }

    /// <summary>Creates an estimator that trains the encoders of <see cref="FineTuningOptions.Modalities"/>, fresh or published, for yes or no.</summary>
    /// <remarks>Characteristics and algorithm: <see cref="FineTuningEstimator"/>.</remarks>
    /// <example>
    /// From random weights; <c>studies/ProteinTasks</c> compares that with pretrained ones.
    /// <code>
    /// var options = new FineTuningOptions
    /// {
    ///     LabelColumnName = "IsEnzyme",
    ///     Modalities = [Modality.ProteinSequence("SequenceEmbedding", "Sequence")],
    /// };
    /// FineTunedTransformer tuned = mlContext.BinaryClassification.Trainers.GentleClipFineTuning(options).Fit(train);
    /// </code>
    /// </example>
    /// <param name="catalog">The catalog of trainers.</param>
    /// <param name="options">What to train and how; copied.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">The options have no modalities, or contradict each other.</exception>
    public static FineTuningEstimator GentleClipFineTuning(
        this BinaryClassificationCatalog.BinaryClassificationTrainers catalog, FineTuningOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new FineTuningEstimator(CatalogEnvironment.Of(catalog), FineTuningTask.Binary, initial: null, options);
    }
}
