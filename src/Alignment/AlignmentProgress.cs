namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>How far the fit of a closed form is.</summary>
/// <param name="Phase">
/// <see cref="TrainingPhase.PreparingRows"/>, <see cref="TrainingPhase.ChoosingByFolds"/> or <see cref="TrainingPhase.FittingClosedForm"/>, in this order.
/// </param>
/// <param name="Done">
/// In the unit; does not fall within a phase. It may stay where it was: then it says that the fit is alive, and asks whether it shall stop.
/// </param>
/// <param name="Total">The same for all of a phase; null where nothing is counted.</param>
/// <param name="Unit">What the two count.</param>
/// <param name="PseudoPairs">Mutual matches that joined the pairs in the round that ended; null elsewhere.</param>
internal readonly record struct AlignmentProgress(TrainingPhase Phase, long Done, long? Total, ProgressUnit Unit, int? PseudoPairs = null);
