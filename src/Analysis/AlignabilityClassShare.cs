namespace Microsoft.ML.GentleClip;

/// <summary>A class among the unpaired rows of both modalities; see <see cref="AlignabilityAnalysis.ClassShares"/>.</summary>
/// <param name="Label">The label.</param>
/// <param name="ShareA">Its share of the labelled unpaired rows of A, 0 to 1.</param>
/// <param name="ShareB">Its share of those of B.</param>
public sealed record AlignabilityClassShare(string Label, double ShareA, double ShareB);
