namespace Microsoft.ML.GentleClip;

/// <summary>How different two random batches of one size look, relative to batches of two; a line of <see cref="SamplingSizeAnalysis"/>.</summary>
/// <param name="BatchSize">Rows in each of the two batches, B.</param>
/// <param name="Ratio">
/// Mean D(B) / mean D(2) with D as printed (equation 10): 0.01 is 1 %. Each row's kernel with itself counts in its own batch's
/// density alone, which adds a part that falls like 1 / B² by construction.
/// </param>
/// <param name="RatioStandardError">Standard error of <paramref name="Ratio"/> from the spread of the repetitions; 0 at batch size 2.</param>
/// <param name="RatioLeaveOneOut">The same ratio with each row's kernel with itself left out, on the same batches.</param>
/// <param name="RatioLeaveOneOutStandardError">Standard error of <paramref name="RatioLeaveOneOut"/>; 0 at batch size 2.</param>
/// <param name="Repetitions">Number of pairs of batches drawn.</param>
public sealed record SamplingSizeGap(
    int BatchSize, double Ratio, double RatioStandardError, double RatioLeaveOneOut, double RatioLeaveOneOutStandardError, int Repetitions);
