using Microsoft.ML.GentleClip;

namespace ProteinAlignment;

/// <summary>The figures of one trained model on the test rows; recalls at 1, 5 and 10, all as shares from 0 to 1.</summary>
internal sealed record Scores(double[] SequenceToStructure, double[] StructureToSequence, double Accuracy, double MacroAccuracy)
{
    public static readonly int[] Ks = [1, 5, 10];

    /// <summary>All figures in the order of the table's columns.</summary>
    public double[] All => [.. SequenceToStructure, .. StructureToSequence, Accuracy, MacroAccuracy];
}

/// <summary>A finished run: one method with one seed.</summary>
/// <param name="Method">The method.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Options">Settings of the training.</param>
/// <param name="Scores">Figures on the test chains.</param>
/// <param name="FitSeconds">Time of the fit, the classifier's included.</param>
/// <param name="History">Its epochs.</param>
/// <param name="Embeddings">Of the test chains.</param>
/// <param name="PieceRecall">With raw chains, both directions' recalls on test pieces of equal length; else null.</param>
internal sealed record Run(
    string Method, int Seed, GentleClipOptions Options, Scores Scores, double FitSeconds, IReadOnlyList<TrainingEpoch> History,
        TestEmbeddings Embeddings, double[]? PieceRecall);

/// <summary>Embeddings of the test rows, in their order.</summary>
internal sealed record TestEmbeddings(float[][] Sequences, float[][] Structures, string[] Classes);

/// <summary>What the runs are compared with: the classifier on raw sequence features, the most frequent class, and ranking by chance.</summary>
internal sealed record Baselines(double RawAccuracy, double RawMacroAccuracy, double MajorityAccuracy, double MajorityMacroAccuracy, double[] ChanceRecall);

/// <summary>Everything the experiment found.</summary>
internal sealed record Results(Baselines Baselines, RawFloor? Floor, IReadOnlyList<Run> Runs, int Pairs, int Unpaired, int Test, double TotalSeconds);

/// <summary>Mean, sample standard deviation and half the width of the mean's 95 % confidence interval; the latter two are null for a single value.</summary>
internal sealed record Summary(double Mean, double? StandardDeviation, double? Margin)
{
    // Quantile 0.975 of Student's distribution for 1, 2, ... degrees of freedom; the last stands for more.
    private static readonly double[] Student = [12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23];

    public static Summary Of(IEnumerable<double> values)
    {
        double[] all = [.. values];
        double mean = all.Average();
        if (all.Length == 1)
            return new Summary(mean, null, null);

        double deviation = Math.Sqrt(all.Sum(value => (value - mean) * (value - mean)) / (all.Length - 1));
        return new Summary(mean, deviation, Student[Math.Min(all.Length - 1, Student.Length) - 1] * deviation / Math.Sqrt(all.Length));
    }
}
