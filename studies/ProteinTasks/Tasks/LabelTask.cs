using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Trainers;
using ProteinTasks.Data;

namespace ProteinTasks.Tasks;

/// <summary>
/// Many labels a chain, such as EC numbers: one logistic regression a label on the features, and F-max. One label a chain, such as enzyme reactions: maximum
/// entropy, and accuracy.
/// </summary>
internal static class LabelTask
{
    private const float Regularisation = 1;

    /// <summary>The labels with enough training chains, in ordinal order.</summary>
    public static string[] LabelsOf(LabelFile file, int minimumPositives) =>
        [.. file.Chains.Where(chain => chain.Split == "train").SelectMany(chain => chain.Labels).CountBy(label => label)
            .Where(entry => entry.Value >= minimumPositives).Select(entry => entry.Key).Order(StringComparer.Ordinal)];

    /// <summary>Throws unless there is something to learn and something to measure.</summary>
    /// <exception cref="InvalidDataException">No label has enough training chains, or only one where each chain has one, or no test chain has any.</exception>
    public static void Check(LabelFile file, int minimumPositives)
    {
        if (Problem(file, minimumPositives) is { } problem)
            throw new InvalidDataException($"The labels of {file.Name}: {problem}.");
    }

    /// <summary>What is lacking to learn the labels and to measure them; null where nothing is.</summary>
    public static string? Problem(LabelFile file, int minimumPositives)
    {
        string[] labels = LabelsOf(file, minimumPositives);
        int expected = file.IsSingle ? 2 : 1;
        return labels.Length < expected
            ? string.Create(CultureInfo.InvariantCulture,
                $"{labels.Length} of them have {minimumPositives} training chains or more, expected {expected} or more labels")
            : file.Chains.Any(chain => chain.Split == "test" && chain.Labels.Any(labels.Contains)) ? null
            : "no test chain has one that is learnt, expected one or more";
    }

    /// <summary>F-max, or accuracy, over the test chains that have one of the labels, or null where there is none.</summary>
    public static double? Measure(LabelFile file, int minimumPositives, IReadOnlyDictionary<string, float[]> features, CancellationToken cancellation)
    {
        var mlContext = new MLContext(seed: 1);
        string[] labels = LabelsOf(file, minimumPositives);
        TaskRow[] train = Rows("train"), test = Rows("test");
        if (Problem(file, minimumPositives) is not null)
            return null;
        if (file.IsSingle)
            return Accuracy(mlContext, [.. train.Where(row => row.Labels.Contains(true))], [.. test.Where(row => row.Labels.Contains(true))]);
        var model = mlContext.Transforms.NormalizeMeanVariance(nameof(TaskRow.Features), fixZero: false)
            .Append(mlContext.BinaryClassification.Trainers.OnePerLabel(
                (label, column) => mlContext.BinaryClassification.Trainers.LbfgsLogisticRegression(new LbfgsLogisticRegressionBinaryTrainer.Options
                {
                    LabelColumnName = label,
                    FeatureColumnName = column,
                    L1Regularization = 0,
                    L2Regularization = Regularisation,
                    NumberOfThreads = 1,
                }),
                maximumDegreeOfParallelism: 1, cancellationToken: cancellation))
            .Fit(TaskRow.View(mlContext, train));
        return mlContext.GentleClip().EvaluateMultiLabel(model.Transform(TaskRow.View(mlContext, test)), cancellationToken: cancellation).FMax.FMax;

        TaskRow[] Rows(string split) =>
        [
            .. file.Chains.Where(chain => chain.Split == split)
                .Select(chain => new TaskRow
                {
                    Features = features[chain.ChainKey],
                    Class = chain.Labels[0],
                    Labels = Array.ConvertAll(labels, chain.Labels.Contains),
                }),
        ];
    }

    private static double Accuracy(MLContext mlContext, TaskRow[] train, TaskRow[] test)
    {
        var model = mlContext.Transforms.NormalizeMeanVariance(nameof(TaskRow.Features), fixZero: false)
            .Append(mlContext.Transforms.Conversion.MapValueToKey("Label", nameof(TaskRow.Class)))
            .Append(mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy(
                new LbfgsMaximumEntropyMulticlassTrainer.Options { L1Regularization = 0, L2Regularization = Regularisation, NumberOfThreads = 1 }))
            .Fit(TaskRow.View(mlContext, train));
        return mlContext.MulticlassClassification.Evaluate(model.Transform(TaskRow.View(mlContext, test))).MicroAccuracy;
    }
}
