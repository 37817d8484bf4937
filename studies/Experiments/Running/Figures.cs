using System.Numerics.Tensors;
using Experiments.Methods;
using Microsoft.ML.GentleClip;

namespace Experiments.Running;

/// <summary>What is measured of a fitted method. Names are columns of the results, so a further figure needs an entry here alone.</summary>
internal static class Figures
{
    public const string RecallAt10 = "R@10";

    private const int HubNeighbours = 10;

    /// <param name="fitted">The method.</param>
    /// <param name="training">What it was fitted on: the banks of the hubness correction.</param>
    /// <param name="measured">Matched rows that it has not seen, with labels or null.</param>
    /// <param name="labelled">Training rows whose labels are transferred, or null.</param>
    public static IReadOnlyDictionary<string, double> Measure(IFittedMethod fitted, TrainingSet training, LabelledRows measured, LabelledRows labelled)
    {
        var (a, b) = (fitted.EmbedA(measured.A), fitted.EmbedB(measured.B));
        var plain = RetrievalMetrics.Evaluate(a.SelectMany(row => row).ToArray(), b.SelectMany(row => row).ToArray(), a.Length, a[0].Length);
        var figures = new Dictionary<string, double>
        {
            ["R@1"] = plain.RecallAt(1),
            ["R@5"] = plain.RecallAt(5),
            [RecallAt10] = plain.RecallAt(10),
            ["MRR"] = plain.MeanReciprocalRank,
        };

        var (radiusA, radiusB) = (Radii(a, fitted.EmbedB([.. training.AllB])), Radii(b, fitted.EmbedA([.. training.AllA])));
        figures["CSLS R@1"] = CorrectedRecall(a, b, radiusA, radiusB, 1);
        figures["CSLS R@10"] = CorrectedRecall(a, b, radiusA, radiusB, 10);

        if (measured.Labels is { } truth && labelled.Labels is { } known)
        {
            var (knownA, knownB) = (fitted.EmbedA(labelled.A), fitted.EmbedB(labelled.B));
            figures["LT centroid"] = (CentroidAccuracy(knownA, known, b, truth) + CentroidAccuracy(knownB, known, a, truth)) / 2;
            figures["LT 1-NN"] = (NeighbourAccuracy(knownA, known, b, truth) + NeighbourAccuracy(knownB, known, a, truth)) / 2;
        }

        return figures;
    }

    /// <summary>CSLS: mean cosine of each row to its nearest rows of the other side's bank.</summary>
    private static float[] Radii(float[][] rows, float[][] bank)
    {
        var count = Math.Min(HubNeighbours, bank.Length);
        return Array.ConvertAll(rows, row =>
        {
            float[] similarities = Array.ConvertAll(bank, other => TensorPrimitives.Dot(row, other));
            Array.Sort(similarities);
            return similarities.AsSpan(^count..).ToArray().Average();
        });
    }

    /// <summary>Mean recall of both directions under 2 s - r - r; a partner that ties stands at each of the tied places with equal probability.</summary>
    private static double CorrectedRecall(float[][] a, float[][] b, float[] radiusA, float[] radiusB, int k)
    {
        var rows = a.Length;
        var scores = new float[rows, rows];
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < rows; j++)
                scores[i, j] = 2 * TensorPrimitives.Dot(a[i], b[j]) - radiusA[i] - radiusB[j];
        double hits = 0;
        for (var i = 0; i < rows; i++)
            hits += Hit(j => scores[i, j], i) + Hit(j => scores[j, i], i);
        return hits / (2 * rows);

        double Hit(Func<int, float> score, int partner)
        {
            var (better, equal, own) = (0, 0, score(partner));
            for (var j = 0; j < rows; j++)
            {
                better += score(j) > own ? 1 : 0;
                equal += score(j) == own ? 1 : 0; // counts the partner itself
            }

            return Math.Clamp((double)(k - better) / equal, 0, 1);
        }
    }

    /// <summary>Share of rows whose nearest class mean of the other side is that of their class.</summary>
    private static double CentroidAccuracy(float[][] known, string[] labels, float[][] rows, string[] truth)
    {
        string[] classes = [.. labels.Where(label => label.Length > 0).Distinct()];
        float[][] centroids = Array.ConvertAll(classes, name =>
        {
            var sum = new float[known[0].Length];
            for (var row = 0; row < known.Length; row++)
                if (labels[row] == name)
                    TensorPrimitives.Add(sum, known[row], sum);
            var norm = TensorPrimitives.Norm(sum);
            if (norm > 0)
                TensorPrimitives.Divide(sum, norm, sum);
            return sum;
        });
        return NeighbourAccuracy(centroids, classes, rows, truth);
    }

    private static double NeighbourAccuracy(float[][] known, string[] labels, float[][] rows, string[] truth)
    {
        int[] labelledRows = [.. Enumerable.Range(0, rows.Length).Where(row => truth[row].Length > 0)];
        int[] candidates = [.. Enumerable.Range(0, known.Length).Where(row => labels[row].Length > 0)];
        return labelledRows.Count(
            row => labels[candidates.MaxBy(candidate => TensorPrimitives.Dot(rows[row], known[candidate]))] == truth[row]) / (double)labelledRows.Length;
    }
}

/// <summary>Matched rows, with labels where there are any.</summary>
internal sealed record LabelledRows(float[][] A, float[][] B, string[]? Labels);
