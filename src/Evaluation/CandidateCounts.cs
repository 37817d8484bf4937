namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>For each query, how many candidates are more similar than the true partner, and how many others are equally similar.</summary>
internal sealed record CandidateCounts(int[] Better, int[] Equal);
