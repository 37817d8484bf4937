namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>A finished round of self-training.</summary>
/// <param name="Done">Rounds done, those of the gate's folds included.</param>
/// <param name="Total">Rounds there are at most: the final ones fall away where the gate says no.</param>
/// <param name="PseudoPairs">Mutual matches that joined the pairs in this round.</param>
internal readonly record struct AlignmentProgress(int Done, int Total, int PseudoPairs);
