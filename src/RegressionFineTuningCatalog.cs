using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML;

/// <summary>Adds fine-tuning of Gentle-CLIP's encoders to ML.NET's regression trainers.</summary>
public static class RegressionFineTuningCatalog
{
    /// <summary>Creates an estimator that fine-tunes the encoders of a fitted transformer for numbers, with the recommended settings.</summary>
    /// <remarks>Characteristics and algorithm: <see cref="FineTuningEstimator"/>.</remarks>
    /// <example>
    /// The sample <c>samples/ProteinAlignment</c> aligns sequences and structures; docs/fine-tuning.md goes on from there.
    /// <code>
    /// ITransformer fitted = mlContext.Regression.Trainers.GentleClipFineTuning(model, "MeltingPoint").Fit(train);
    /// RegressionMetrics metrics = mlContext.Regression.Evaluate(fitted.Transform(test), "MeltingPoint");
    /// </code>
    /// </example>
    /// <param name="catalog">The catalog of trainers.</param>
    /// <param name="model">The transformer, whose weights stay as they are; it must live until the end of <c>Fit</c>.</param>
    /// <param name="labelColumnName">The numbers: a Single.</param>
    /// <param name="side">The side to predict from; null (default) for both.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">A name is empty, the label is an input, or the transformer has no encoder on that side.</exception>
    public static FineTuningEstimator GentleClipFineTuning(
        this RegressionCatalog.RegressionTrainers catalog,
        GentleClipTransformer model,
        string labelColumnName = FineTuningOptions.Defaults.LabelColumnName,
        Side? side = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return catalog.GentleClipFineTuning(model, new FineTuningOptions { LabelColumnName = labelColumnName, Side = side });
    }

    /// <summary>Creates an estimator that fine-tunes the encoders of a fitted transformer for numbers.</summary>
    /// <remarks>Characteristics and algorithm: <see cref="FineTuningEstimator"/>.</remarks>
    /// <example>
    /// Only the head is trained; <c>studies/ProteinTasks</c> compares that with more.
    /// <code>
    /// var options = new FineTuningOptions { LabelColumnName = "MeltingPoint", TrainableLayers = 0 };
    /// FineTunedTransformer tuned = mlContext.Regression.Trainers.GentleClipFineTuning(model, options).Fit(train);
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
        this RegressionCatalog.RegressionTrainers catalog, GentleClipTransformer model, FineTuningOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        return new FineTuningEstimator(CatalogEnvironment.Of(catalog), FineTuningTask.Regression, model, options);
    }

    /// <summary>Creates an estimator that trains the encoders of <see cref="FineTuningOptions.Modalities"/>, fresh or published, for numbers.</summary>
    /// <remarks>Characteristics and algorithm: <see cref="FineTuningEstimator"/>.</remarks>
    /// <example>
    /// From random weights; <c>studies/ProteinTasks</c> compares that with pretrained ones.
    /// <code>
    /// var options = new FineTuningOptions
    /// {
    ///     LabelColumnName = "MeltingPoint",
    ///     Modalities = [Modality.ProteinSequence("SequenceEmbedding", "Sequence")],
    /// };
    /// FineTunedTransformer tuned = mlContext.Regression.Trainers.GentleClipFineTuning(options).Fit(train);
    /// </code>
    /// </example>
    /// <param name="catalog">The catalog of trainers.</param>
    /// <param name="options">What to train and how; copied.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">The options have no modalities, or contradict each other.</exception>
    public static FineTuningEstimator GentleClipFineTuning(
        this RegressionCatalog.RegressionTrainers catalog, FineTuningOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new FineTuningEstimator(CatalogEnvironment.Of(catalog), FineTuningTask.Regression, initial: null, options);
    }
}
