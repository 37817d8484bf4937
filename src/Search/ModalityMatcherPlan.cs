namespace Microsoft.ML.GentleClip.Search;

/// <summary>What a matcher knows beside its bank.</summary>
/// <param name="Temperature">What cosines are divided by.</param>
/// <param name="UsualEnergy">Median of the queries that the plan was made with.</param>
/// <param name="Calibration">What turns evidence into probabilities; null without pairs.</param>
/// <param name="CalibrationPairCount">Pairs that it was fitted on.</param>
/// <param name="CalibrationError">Its error; null without pairs.</param>
/// <param name="CalibrationAccuracy">Share of those pairs that are found; null without pairs.</param>
internal sealed record ModalityMatcherPlan(
    double Temperature, double UsualEnergy, MatchCalibration.State? Calibration,
    int CalibrationPairCount, double? CalibrationError, double? CalibrationAccuracy);
