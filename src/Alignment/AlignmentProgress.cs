namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>How far a fit is.</summary>
/// <param name="Phase">What is being done.</param>
/// <param name="Number">Which fold or round of the phase has just been finished or is at work, from 1; 0 while preparing.</param>
/// <param name="Count">How many there are in the phase.</param>
/// <param name="Done">Rounds done, those of the folds included.</param>
/// <param name="Total">Rounds there are at most: the final ones fall away where the choice needs none.</param>
/// <param name="PseudoPairs">Mutual matches that joined the pairs in this round; 0 where transport takes their place.</param>
internal readonly record struct AlignmentProgress(AlignmentPhase Phase, int Number, int Count, int Done, int Total, int PseudoPairs = 0);
