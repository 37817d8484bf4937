using System.Globalization;

namespace Microsoft.ML.GentleClip;

/// <summary>Cross-modal retrieval on the validation pairs; every figure is the mean of both directions, 0 to 1.</summary>
/// <param name="RecallAt1">Share of queries whose partner is found first.</param>
/// <param name="RecallAt5">Share of queries whose partner is among the first 5.</param>
/// <param name="RecallAt10">Share of queries whose partner is among the first 10.</param>
/// <param name="MeanReciprocalRank">Mean of 1 / rank of the partner; decides which epoch is best.</param>
public sealed record ValidationRetrieval(double RecallAt1, double RecallAt5, double RecallAt10, double MeanReciprocalRank)
{
    /// <summary>The figures in one line, the same in every culture.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"recall@1 {100 * RecallAt1:0.0} %, @5 {100 * RecallAt5:0.0} %, @10 {100 * RecallAt10:0.0} %, mean reciprocal rank {MeanReciprocalRank:0.000}");
}
