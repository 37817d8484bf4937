using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using ProteinTasks.Data;

namespace ProteinTasks.Tasks;

/// <summary>
/// The fold of a domain, one of hundreds, for three test sets: of superfamilies, of families and of single domains that no training domain has.
/// </summary>
internal static class FoldTask
{
    private const float Regularisation = 1;
    private const int Iterations = 40;

    /// <summary>The accuracy of maximum entropy on the features, by the names of the test sets.</summary>
    public static Dictionary<string, double> Classify(ScopeDomain[] domains, IReadOnlyDictionary<string, float[]> features)
    {
        var mlContext = new MLContext(seed: 1);
        var model = mlContext.Transforms.NormalizeMeanVariance(nameof(TaskRow.Features), fixZero: false)
            .Append(mlContext.Transforms.Conversion.MapValueToKey("Label", nameof(TaskRow.Class)))
            .Append(mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy(new LbfgsMaximumEntropyMulticlassTrainer.Options
            {
                L1Regularization = 0,
                L2Regularization = Regularisation,
                MaximumNumberOfIterations = Iterations,
                NumberOfThreads = 1, // sums in the same order each time
            }))
            .Append(mlContext.Transforms.Conversion.MapKeyToValue("Predicted", "PredictedLabel"))
            .Fit(View(mlContext, domains, "train", features));
        return Tests(domains).ToDictionary(test => test, test =>
        {
            IDataView scored = model.Transform(View(mlContext, domains, test, features));
            return scored.GetColumn<string>("Predicted")
                .Zip(scored.GetColumn<string>(nameof(TaskRow.Class)), (predicted, fold) => predicted == fold ? 1.0 : 0.0).Average();
        });
    }

    /// <summary>
    /// The accuracy of the nearest training domain's fold: the label transfer of the library, with training domains as the one modality and test domains as the
    /// other.
    /// </summary>
    public static Dictionary<string, double> NearestNeighbour(ScopeDomain[] domains, IReadOnlyDictionary<string, float[]> features,
        CancellationToken cancellation)
    {
        var mlContext = new MLContext(seed: 1);
        TaskRow[] references = [.. Of(domains, "train")
            .Select(domain => Row(domain, features) is var row ? new TaskRow { Features = row.Features, Class = row.Class, Reference = row.Features } : row)];
        return Tests(domains).ToDictionary(test => test, test => mlContext.GentleClip().EvaluateLabelTransfer(
            TaskRow.View(mlContext,
                [.. references,
                    .. Of(domains, test)
                        .Select(domain => Row(domain, features) is var row
                            ? new TaskRow { Features = row.Features, Class = row.Class, Query = row.Features } : row)]),
            nameof(TaskRow.Reference), nameof(TaskRow.Query), nameof(TaskRow.Class), neighbours: 1, cancellation).AToB.NeighbourAccuracy);
    }

    /// <summary>The accuracy of always naming the most frequent fold.</summary>
    public static Dictionary<string, double> Majority(ScopeDomain[] domains)
    {
        string majority = Of(domains, "train").CountBy(domain => domain.Fold).MaxBy(entry => entry.Value).Key;
        return Tests(domains).ToDictionary(test => test, test => Of(domains, test).Average(domain => domain.Fold == majority ? 1.0 : 0.0));
    }

    private static IEnumerable<string> Tests(ScopeDomain[] domains) =>
        ScopeDomain.Tests.Append(ScopeDomain.ToChooseOn).Where(test => Of(domains, test).Any());

    private static IEnumerable<ScopeDomain> Of(ScopeDomain[] domains, string split) => domains.Where(domain => domain.Split == split);

    private static IDataView View(MLContext mlContext, ScopeDomain[] domains, string split, IReadOnlyDictionary<string, float[]> features) =>
        TaskRow.View(mlContext, [.. Of(domains, split).Select(domain => Row(domain, features))]);

    private static TaskRow Row(ScopeDomain domain, IReadOnlyDictionary<string, float[]> features) =>
        new() { Features = features[domain.Piece.Key], Class = domain.Fold };
}
