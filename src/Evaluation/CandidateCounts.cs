namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>What stands before and beside the best true partner of each query in its ranking of the candidates.</summary>
/// <param name="Better">Wrong candidates that are more similar than the best partner.</param>
/// <param name="Equal">Wrong candidates that are exactly as similar.</param>
/// <param name="Hits">Partners that are as similar as the best one, itself included; null: one a query.</param>
/// <param name="Partners">Partners; null: one a query.</param>
/// <param name="Candidates">Number of candidates.</param>
internal sealed record CandidateCounts(int[] Better, int[] Equal, int[]? Hits, int[]? Partners, int Candidates)
{
    /// <summary>Counts of queries with one partner each among as many candidates.</summary>
    public CandidateCounts(int[] better, int[] equal) : this(better, equal, null, null, better.Length)
    {
    }

    /// <summary>The counts when no candidate can be told from another.</summary>
    public CandidateCounts ToChance() => new(
        new int[Better.Length], [.. Better.Select((_, query) => Candidates - (Partners?[query] ?? 1))], Partners, Partners, Candidates);
}
