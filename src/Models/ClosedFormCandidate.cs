namespace Microsoft.ML.GentleClip;

/// <summary>One closed form in the cross-validation on the matched pairs; see <see cref="ClosedFormChoice"/>.</summary>
/// <param name="Method">Which.</param>
/// <param name="Score">
/// Mean over the held-out pairs of ln(1 + number of training samples of the other modality, paired or not, that lie closer than the true partner), of
/// both directions; lower is better, 0 is perfect.
/// </param>
/// <param name="Difference">Mean of its scores minus the anchor's, pair by pair; below 0 is better than the anchor. 0 for the anchor.</param>
/// <param name="StandardError">Standard error of the difference; 0 for the anchor.</param>
public sealed record ClosedFormCandidate(ClosedFormMethod Method, double Score, double Difference, double StandardError);
