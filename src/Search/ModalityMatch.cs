namespace Microsoft.ML.GentleClip;

/// <summary>What <see cref="ModalityMatcher"/> found for a row.</summary>
/// <param name="Row">Zero-based number of the row in the bank, rows without embedding counted.</param>
/// <param name="Id">Its identifier; null where the bank has none, or it is missing there.</param>
/// <param name="Score">Its cosine, -1 to 1.</param>
/// <param name="Confidence">Probability that it is the partner, 0 to 1; without calibration the plan's share of it, which is no probability.</param>
/// <param name="NoPartnerProbability">
/// Probability that the bank has no partner, 0 to 1; without calibration how much less than usual the damped plan carries from the row.
/// </param>
public sealed record ModalityMatch(long Row, string? Id, float Score, float Confidence, float NoPartnerProbability)
{
    /// <summary>Whether the row probably has no partner in the bank: <see cref="NoPartnerProbability"/> is above one half.</summary>
    public bool HasNoPartner => NoPartnerProbability > 0.5f;
}
