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
}
