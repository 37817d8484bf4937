using System.Globalization;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Cross-modal retrieval of the validation pairs: each sample of a pair looks for its partner among all samples of the other side. Every
/// figure is the mean of both directions.
/// </summary>
/// <remarks>
/// The candidates are the samples of all validation pairs, and as distractors the unpaired samples, of the training data and of a
/// validation set given to <c>Fit</c>, and the samples of the training pairs; of more than 2,000 distractors a side a random sample, which
/// the log tells. Repeated samples count once, and what belongs to a sample through another pair is no distractor.
/// </remarks>
/// <param name="RecallAt1">Share of queries whose partner is found first, 0 to 1.</param>
/// <param name="RecallAt5">Share of queries whose partner is among the first 5, 0 to 1.</param>
/// <param name="RecallAt10">Share of queries whose partner is among the first 10, 0 to 1.</param>
/// <param name="MeanReciprocalRank">Mean of 1 / rank of the partner, above 0 to 1.</param>
public sealed record ValidationRetrieval(double RecallAt1, double RecallAt5, double RecallAt10, double MeanReciprocalRank)
{
    /// <summary>
    /// Mean of ln(rank of the partner), 0 (always first) or more; lower is better. Decides which epoch is kept, when training stops, the
    /// closed form's share beside the towers and what <see cref="ValidationOptions.GuardUnpairedObjectives"/> keeps. Null in a model that
    /// was saved before it was measured.
    /// </summary>
    public double? MeanLogRank { get; init; }

    /// <summary>The figures in one line, the same in every culture.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"recall@1 {100 * RecallAt1:0.0} %, @5 {100 * RecallAt5:0.0} %, @10 {100 * RecallAt10:0.0} %, ")
        + string.Create(CultureInfo.InvariantCulture, $"mean reciprocal rank {MeanReciprocalRank:0.000}")
        + (MeanLogRank is { } rank ? string.Create(CultureInfo.InvariantCulture, $", mean log rank {rank:0.000}") : "");
}
