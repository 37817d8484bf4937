using System.Globalization;
using System.Numerics.Tensors;
using Microsoft.ML.GentleClip.Evaluation;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// FOSCTTM, the fraction of samples closer than the true match, by Euclidean distance: 0 if each sample's partner is the nearest, about
/// 0.5 by chance, 1 if it is the farthest. Made by <c>mlContext.GentleClip().EvaluateTrueMatch(...)</c>.
/// </summary>
/// <remarks>
/// <para>For each sample: number of other samples of the other modality that are strictly closer than its partner, divided by n - 1; then
/// the mean over the samples, and over both directions. This is the convention of MMD-MA (Liu et al., 2019) and SCOT (Demetci et al., 2022);
/// GLUE (Cao and Gao, 2022) divides by n instead, which makes the figure (n - 1) / n of this one.</para>
/// <para>A sample exactly as close as the partner counts half, so that embeddings that are all the same score 0.5 and not 0 as they do where
/// ties are left out. Distances are compared in single precision, between the embeddings as they are; for unit embeddings the order is that
/// of the cosine.</para>
/// </remarks>
public sealed class TrueMatchMetrics
{
    // Beyond these a square overflows or vanishes in single precision.
    private const float Largest = 1e15f, Smallest = 1e-15f;

    private TrueMatchMetrics(CandidateCounts aToB, CandidateCounts bToA, long skippedRowCount)
    {
        (Count, SkippedRowCount) = (aToB.Better.Length, skippedRowCount);
        (AToB, BToA) = (MeanOf(aToB), MeanOf(bToA));

        double MeanOf(CandidateCounts counts) => counts.Better.Select((closer, query) => closer + counts.Equal[query] / 2.0).Average() / (Count - 1);
    }

    /// <summary>Number of pairs, at least 2.</summary>
    public int Count { get; }

    /// <summary>Number of rows left out because an embedding is absent.</summary>
    public long SkippedRowCount { get; }

    /// <summary>The fraction for samples of A among those of B, in [0, 1].</summary>
    public double AToB { get; }

    /// <summary>The fraction for samples of B among those of A, in [0, 1].</summary>
    public double BToA { get; }

    /// <summary>FOSCTTM: the mean of both directions, in [0, 1].</summary>
    public double FractionCloserThanTrueMatch => (AToB + BToA) / 2;

    /// <summary>Evaluates the rows of a view that have both embeddings.</summary>
    internal static TrueMatchMetrics Evaluate(
        IDataView data, string embeddingColumnNameA, string embeddingColumnNameB, CancellationToken cancellationToken)
    {
        var pairs = EmbeddingPairReader.Read(data, embeddingColumnNameA, embeddingColumnNameB, scale: false, cancellationToken: cancellationToken);
        if (pairs.A.Count < 2)
            throw new InvalidOperationException("Only one row has both embeddings; the fraction of other samples needs at least two.");
        var largest = Math.Max(LargestOf(pairs.A), LargestOf(pairs.B));
        if (largest is > Largest or (< Smallest and > 0))
        {
            pairs.A.Multiply(1 / largest);
            pairs.B.Multiply(1 / largest);
        }
        var (aToB, bToA) = RetrievalRanker.Rank<NegativeSquaredDistance>(pairs.A, pairs.B, pairs.Links, null, cancellationToken);
        return new(aToB, bToA, pairs.SkippedRowCount);
    }

    /// <summary>Both directions and their mean.</summary>
    public override string ToString()
    {
        var title = string.Create(CultureInfo.InvariantCulture, $"FOSCTTM over {Count} pairs");
        if (SkippedRowCount > 0)
            title += string.Create(CultureInfo.InvariantCulture, $" ({SkippedRowCount} rows without both embeddings skipped)");
        var table = new TextTable(title, "A to B", "B to A", "mean", "chance");
        table.Line("FOSCTTM", "F4", AToB, BToA, FractionCloserThanTrueMatch, 0.5);
        return table.ToString();
    }

    private static float LargestOf(EmbeddingRows rows)
    {
        float largest = 0;
        for (var row = 0; row < rows.Count; row++)
            largest = Math.Max(largest, Math.Abs(TensorPrimitives.MaxMagnitude(rows.Values(row))));
        return largest;
    }
}
