using Microsoft.ML;
using Microsoft.ML.Trainers;
using ProteinTasks.Data;

namespace ProteinTasks.Tasks;

/// <summary>Many labels a chain, such as EC numbers: one logistic regression a label on the embedding, and F-max.</summary>
internal static class LabelTask
{
    private const float Regularisation = 1;

    /// <summary>The labels with enough training chains, in ordinal order.</summary>
    public static string[] LabelsOf(LabelFile file, int minimumPositives) =>
        [.. file.Chains.Where(chain => chain.Split == "train").SelectMany(chain => chain.Labels).CountBy(label => label)
            .Where(entry => entry.Value >= minimumPositives).Select(entry => entry.Key).Order(StringComparer.Ordinal)];

    /// <summary>F-max over the test chains that have one of the labels, or null where there is none.</summary>
    public static double? Measure(LabelFile file, int minimumPositives, IReadOnlyDictionary<string, float[]> features, CancellationToken cancellation)
    {
        var mlContext = new MLContext(seed: 1);
        string[] labels = LabelsOf(file, minimumPositives);
        TaskRow[] train = Rows("train"), test = Rows("test");
        if (labels.Length == 0 || !test.Any(row => row.Labels.Contains(true)))
            return null;
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
                .Select(chain => new TaskRow { Features = features[chain.ChainKey], Labels = Array.ConvertAll(labels, chain.Labels.Contains) }),
        ];
    }
}
