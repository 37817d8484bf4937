using Microsoft.ML;
using Microsoft.ML.GentleClip;

namespace ProteinAlignment;

/// <summary>What raw chains are found by without any learning.</summary>
/// <param name="LengthRecall">
/// Recall when candidates are ranked by how near their length is to the query's; ties count as their mean. Equal in both directions.
/// </param>
/// <param name="UntrainedRecall">Of encoders with random weights, both directions.</param>
/// <param name="UntrainedPieceRecall">The same on pieces of equal length.</param>
/// <param name="Pieces">Number of those pieces.</param>
internal sealed record RawFloor(double[] LengthRecall, double[] UntrainedRecall, double[] UntrainedPieceRecall, int Pieces)
{
    public const int PieceLength = 64;
    private const double NoLearning = 1e-12;

    /// <summary>Measures them on the test chains.</summary>
    /// <param name="split">The rows.</param>
    /// <param name="options">Of a training, which is cut to a step that changes nothing.</param>
    public static RawFloor Measure(ProteinSplit split, GentleClipOptions options)
    {
        var mlContext = new MLContext(seed: 1);
        (options.MaximumNumberOfSteps, options.Optimizer.LearningRate, options.Optimizer.WeightDecay) = (1, NoLearning, 0);
        using var model = mlContext.Transforms.GentleClip(options).Fit(split.TrainingView(mlContext, nameof(Protein.Sequence), nameof(Protein.AlphaCarbons)));
        var ofLength = split.Test.CountBy(protein => protein.Sequence.Length).ToDictionary();
        return new RawFloor(
            [.. Scores.Ks.Select(k => split.Test.Average(protein => Math.Min(1, k / (double)ofLength[protein.Sequence.Length])))],
            Recall(mlContext, model, split.Test),
            RecallOfPieces(mlContext, model, split.Test),
            PiecesOf(split.Test).Length);
    }

    /// <summary>Both directions' recalls on the middles of the test chains, all of one length.</summary>
    public static double[] RecallOfPieces(MLContext mlContext, GentleClipTransformer model, Protein[] test) => Recall(mlContext, model, PiecesOf(test));

    private static Protein[] PiecesOf(Protein[] test) =>
        [.. test.Where(protein => protein.Sequence.Length >= PieceLength).Select(protein => protein.Middle(PieceLength))];

    private static double[] Recall(MLContext mlContext, GentleClipTransformer model, Protein[] rows)
    {
        var scored = model.Transform(Protein.View(mlContext, rows, nameof(Protein.Sequence), nameof(Protein.AlphaCarbons)));
        var metrics = mlContext.GentleClip().EvaluateRetrieval(scored, Columns.SequenceEmbedding, Columns.StructureEmbedding, k: Scores.Ks);
        return [.. Scores.Ks.Select(metrics.AToB.RecallAt), .. Scores.Ks.Select(metrics.BToA.RecallAt)];
    }
}
