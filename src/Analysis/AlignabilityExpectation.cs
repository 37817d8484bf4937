namespace Microsoft.ML.GentleClip;

/// <summary>
/// What the closed form gained elsewhere over linear ridge canonical correlation on the pairs, on data like these: a range that was
/// measured, no prediction.
/// </summary>
/// <param name="Measure">The figure that was measured, such as "R@10".</param>
/// <param name="LowestGain">Gain on the worst of the sets, in percentage points; negative is a loss.</param>
/// <param name="HighestGain">Gain on the best of the sets, in percentage points.</param>
/// <param name="SetCount">Number of data sets behind the range.</param>
/// <param name="PairCount">Number of pairs it was measured with.</param>
/// <param name="Description">The range in words, with what it rests on.</param>
public sealed record AlignabilityExpectation(string Measure, double LowestGain, double HighestGain, int SetCount, int PairCount, string Description);
