using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML;

/// <summary>Adds prediction of many labels per row to ML.NET's binary trainers.</summary>
public static class MultiLabelCatalog
{
    /// <summary>Creates an estimator that trains one binary model for each slot of a label column, in parallel.</summary>
    /// <remarks>Characteristics: <see cref="OnePerLabelEstimator"/>.</remarks>
    /// <example>
    /// Enzyme numbers from sequence embeddings; the sample <c>studies/ProteinTasks</c> does this on real chains.
    /// <code>
    /// var functions = mlContext.BinaryClassification.Trainers.OnePerLabel(
    ///     (label, features) => mlContext.BinaryClassification.Trainers.LbfgsLogisticRegression(label, features),
    ///     labelColumnName: "Labels", featureColumnName: "SequenceEmbedding");
    /// MultiLabelMetrics metrics = mlContext.GentleClip().EvaluateMultiLabel(functions.Fit(train).Transform(test), "Labels", "Probability");
    /// </code>
    /// </example>
    /// <param name="trainers">The catalog of binary trainers.</param>
    /// <param name="trainerFactory">
    /// Makes a new trainer, given the names of its label and its feature column:
    /// <c>(label, features) => mlContext.BinaryClassification.Trainers.SdcaLogisticRegression(label, features)</c>. Called once a label and once
    /// more for the schema.
    /// </param>
    /// <param name="labelColumnName">
    /// Labels, one slot each: a vector of known size of Boolean, or of Single or Double that are above 0 where the row has the label and NaN where that is
    /// not known.
    /// </param>
    /// <param name="featureColumnName">Features: a vector of Single of known size, such as an embedding; NaN where absent.</param>
    /// <param name="scoreColumnName">Column that receives the scores; its slots are named as the labels'.</param>
    /// <param name="probabilityColumnName">Column that receives the probabilities, if the trainer is calibrated.</param>
    /// <param name="maximumDegreeOfParallelism">
    /// Most labels to train at once; null leaves it to the thread pool. Trainers may use threads of their own beside.
    /// </param>
    /// <param name="cancellationToken">Stops before the next label.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">
    /// A name is empty, the two output columns are the same, or <paramref name="maximumDegreeOfParallelism"/> is below 1.
    /// </exception>
    public static OnePerLabelEstimator OnePerLabel(
        this BinaryClassificationCatalog.BinaryClassificationTrainers trainers,
        Func<string, string, IEstimator<ISingleFeaturePredictionTransformer<object>>> trainerFactory,
        string labelColumnName = "Labels",
        string featureColumnName = "Features",
        string scoreColumnName = "Score",
        string probabilityColumnName = "Probability",
        int? maximumDegreeOfParallelism = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(trainers);
        ArgumentNullException.ThrowIfNull(trainerFactory);
        ArgumentException.ThrowIfNullOrWhiteSpace(labelColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(featureColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(scoreColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(probabilityColumnName);
        if (scoreColumnName == probabilityColumnName)
            throw new ArgumentException(
                $"Scores and probabilities need columns of their own, but both are to be '{scoreColumnName}'.", nameof(probabilityColumnName));
        if (maximumDegreeOfParallelism is { } degree)
            ArgumentOutOfRangeException.ThrowIfLessThan(degree, 1, nameof(maximumDegreeOfParallelism));
        return new OnePerLabelEstimator(
            CatalogEnvironment.Of(trainers), trainerFactory, labelColumnName, featureColumnName, scoreColumnName, probabilityColumnName,
            new ParallelOptions { MaxDegreeOfParallelism = maximumDegreeOfParallelism ?? -1, CancellationToken = cancellationToken });
    }

    /// <summary>Creates an estimator that fine-tunes the encoders of a fitted transformer for any number of labels a row, as recommended.</summary>
    /// <remarks>Characteristics and algorithm: <see cref="FineTuningEstimator"/>.</remarks>
    /// <example>
    /// The sample <c>samples/ProteinAlignment</c> aligns sequences and structures; docs/fine-tuning.md goes on from there.
    /// <code>
    /// ITransformer fitted = mlContext.BinaryClassification.Trainers.GentleClipMultiLabelFineTuning(model, "Labels").Fit(train);
    /// MultiLabelMetrics metrics = mlContext.GentleClip().EvaluateMultiLabel(fitted.Transform(test), "Labels", "Probability");
    /// </code>
    /// </example>
    /// <param name="trainers">The catalog of trainers.</param>
    /// <param name="model">The transformer, whose weights stay as they are; it must live until the end of <c>Fit</c>.</param>
    /// <param name="labelColumnName">
    /// The labels: a vector of Boolean or numbers, one slot each, above 0 where the row has the label and NaN where that is not known; or a vector of keys.
    /// </param>
    /// <param name="side">The side to predict from; null (default) for both.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">A name is empty, the label is an input, or the transformer has no encoder on that side.</exception>
    public static FineTuningEstimator GentleClipMultiLabelFineTuning(
        this BinaryClassificationCatalog.BinaryClassificationTrainers trainers,
        GentleClipTransformer model,
        string labelColumnName = FineTuningOptions.Defaults.LabelColumnName,
        Side? side = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return trainers.GentleClipMultiLabelFineTuning(model, new FineTuningOptions { LabelColumnName = labelColumnName, Side = side });
    }

    /// <summary>Creates an estimator that fine-tunes the encoders of a fitted transformer for any number of labels a row.</summary>
    /// <remarks>Characteristics and algorithm: <see cref="FineTuningEstimator"/>.</remarks>
    /// <example>
    /// Only the head is trained; <c>studies/ProteinTasks</c> compares that with more.
    /// <code>
    /// var options = new FineTuningOptions { LabelColumnName = "Labels", TrainableLayers = 0 };
    /// FineTunedTransformer tuned = mlContext.BinaryClassification.Trainers.GentleClipMultiLabelFineTuning(model, options).Fit(train);
    /// </code>
    /// </example>
    /// <param name="trainers">The catalog of trainers.</param>
    /// <param name="model">The transformer, whose weights stay as they are; it must live until the end of <c>Fit</c>.</param>
    /// <param name="options">What to train and how; copied.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">
    /// The options have modalities as well, or contradict each other, or the transformer has no encoder on a side.
    /// </exception>
    public static FineTuningEstimator GentleClipMultiLabelFineTuning(
        this BinaryClassificationCatalog.BinaryClassificationTrainers trainers, GentleClipTransformer model, FineTuningOptions options)
    {
        ArgumentNullException.ThrowIfNull(trainers);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        return new FineTuningEstimator(CatalogEnvironment.Of(trainers), FineTuningTask.MultiLabel, model, options);
    }

    /// <summary>
    /// Creates an estimator that trains the encoders of <see cref="FineTuningOptions.Modalities"/>, fresh or published, for any number of labels a row.
    /// </summary>
    /// <remarks>Characteristics and algorithm: <see cref="FineTuningEstimator"/>.</remarks>
    /// <example>
    /// From random weights; <c>studies/ProteinTasks</c> compares that with pretrained ones.
    /// <code>
    /// var options = new FineTuningOptions
    /// {
    ///     LabelColumnName = "Labels",
    ///     Modalities = [Modality.ProteinSequence("SequenceEmbedding", "Sequence")],
    /// };
    /// FineTunedTransformer tuned = mlContext.BinaryClassification.Trainers.GentleClipMultiLabelFineTuning(options).Fit(train);
    /// </code>
    /// </example>
    /// <param name="trainers">The catalog of trainers.</param>
    /// <param name="options">What to train and how; copied.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">The options have no modalities, or contradict each other.</exception>
    public static FineTuningEstimator GentleClipMultiLabelFineTuning(
        this BinaryClassificationCatalog.BinaryClassificationTrainers trainers, FineTuningOptions options)
    {
        ArgumentNullException.ThrowIfNull(trainers);
        ArgumentNullException.ThrowIfNull(options);
        return new FineTuningEstimator(CatalogEnvironment.Of(trainers), FineTuningTask.MultiLabel, initial: null, options);
    }
}
