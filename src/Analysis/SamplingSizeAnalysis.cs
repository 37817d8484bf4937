using System.Globalization;
using System.Text;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// How different two disjoint random batches of one column look, for several batch sizes: the sampling-size analysis of the
/// Gentle-CLIP paper. Made by <c>mlContext.GentleClip().AnalyzeSamplingSize(...)</c>.
/// </summary>
/// <remarks>
/// <para>D(B), equation 10, is the mean squared difference between the kernel densities that a batch T and a batch R of B rows each give
/// to the rows of both; the kernel is exp(-squared distance / variance of the batch), equation 11. It does not change when all
/// rows are shifted or scaled. Everything is relative to D(2).</para>
/// <para>The fall of <see cref="SamplingSizeGap.Ratio"/> is no measure of confidence: in many dimensions it is (2 / B)² whatever the rows
/// are. <see cref="SamplingSizeGap.RatioLeaveOneOut"/> shows what sampling itself contributes, which falls like 1 / B.</para>
/// <para>Source: appendix E of Song et al., "Gentle-CLIP", equations 10, 11 and 6, figure 4.</para>
/// </remarks>
public sealed class SamplingSizeAnalysis
{
    internal SamplingSizeAnalysis(
        string columnName, int dimension, long rowCount, long skippedRowCount, int sampledRowCount, int seed, IReadOnlyList<SamplingSizeGap> gaps)
    {
        (ColumnName, Dimension, RowCount, SkippedRowCount) = (columnName, dimension, rowCount, skippedRowCount);
        (SampledRowCount, Seed, Gaps) = (sampledRowCount, seed, gaps);
    }

    /// <summary>Column that was analysed.</summary>
    public string ColumnName { get; }

    /// <summary>Number of slots of its vectors.</summary>
    public int Dimension { get; }

    /// <summary>Number of rows that have a vector.</summary>
    public long RowCount { get; }

    /// <summary>Number of rows left out because the vector is absent: NaN in every slot, or empty.</summary>
    public long SkippedRowCount { get; }

    /// <summary>Number of rows that batches were drawn from: all of <see cref="RowCount"/>, or a random sample of them.</summary>
    public int SampledRowCount { get; }

    /// <summary>The seed that repeats the analysis.</summary>
    public int Seed { get; }

    /// <summary>One entry for each batch size, ascending.</summary>
    public IReadOnlyList<SamplingSizeGap> Gaps { get; }

    /// <summary>A table of both ratios in per cent of batch size 2, with standard errors.</summary>
    public override string ToString()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"Sampling size of '{ColumnName}': {RowCount} rows of {Dimension} dimensions");
        if (SkippedRowCount > 0)
            text.Append(CultureInfo.InvariantCulture, $" ({SkippedRowCount} rows without a vector skipped)");
        if (SampledRowCount < RowCount)
            text.Append(CultureInfo.InvariantCulture, $", batches from a sample of {SampledRowCount}");
        text.AppendLine().Append($"{"batch size",10}{"D(B)/D(2) %",20}{"leave-one-out %",20}{"repetitions",13}");
        foreach (var gap in Gaps)
            text.AppendLine().Append(CultureInfo.InvariantCulture,
                $"{gap.BatchSize,10}{Percent(gap.Ratio, gap.RatioStandardError),20}"
                + $"{Percent(gap.RatioLeaveOneOut, gap.RatioLeaveOneOutStandardError),20}{gap.Repetitions,13}");
        return text.ToString();
    }

    private static string Percent(double ratio, double error) => FormattableString.Invariant($"{100 * ratio:G4} ± {100 * error:G2}");
}
