using System.Globalization;

namespace Microsoft.ML.GentleClip.Analysis;

/// <summary>What an analysis warns of.</summary>
internal static class AlignabilityWarnings
{
    private const int FewPairs = 20;
    private const double UnequalPools = 3;
    private const double SmallestShareDistance = 0.1;
    private const double ShareDistanceOverChance = 2;
    private const double ManyDuplicates = 0.01;
    private const double OneDirection = 1.5;
    private const int ManySlots = 8;
    private const double Hubs = 3;

    /// <summary>The warnings, the gravest first.</summary>
    /// <param name="analysis">The figures.</param>
    /// <param name="chanceShareDistance">Class share distance that equal shares would have by chance.</param>
    /// <param name="lacksLabels">Whether label columns were named but a side has no labelled unpaired row.</param>
    public static IReadOnlyList<string> Of(AlignabilityAnalysis analysis, double chanceShareDistance, bool lacksLabels)
    {
        var warnings = new List<string>();
        void Warn(FormattableString text, FormattableString? more = null) =>
            warnings.Add(text.ToString(CultureInfo.InvariantCulture) + more?.ToString(CultureInfo.InvariantCulture));

        AlignabilitySide[] sides = [analysis.A, analysis.B];
        foreach (var side in sides)
            if (side.EffectiveDimension is null)
                Warn($"All rows of '{side.ColumnName}' are equal: nothing can be learnt from it.");
        if (analysis.PairCount < KernelAgreement.FewestPairs)
            Warn($"{analysis.PairCount} pair{(analysis.PairCount == 1 ? "" : "s")}: ",
                $"agreement cannot be measured with fewer than {KernelAgreement.FewestPairs}, and hardly with fewer than {FewPairs}.");
        else if (analysis.LinearCka is null && analysis.KernelCka is null)
            Warn($"Agreement cannot be measured: the pairs' rows of one side are equal, or all as far from one another.");
        else if (analysis.PairingPValue > AlignabilityTable.LargestPValue)
            Warn($"The {analysis.PairCount} pairs do not tell these views from unrelated ones (p = {analysis.PairingPValue:F2}): ",
                $"check that partners are in the same row; with few pairs, more may show agreement.");
        if (analysis.PairCount is >= KernelAgreement.FewestPairs and < FewPairs)
            Warn($"{analysis.PairCount} pairs: all figures of agreement may change a lot with other pairs.");
        foreach (var side in sides)
            if (side.UnpairedRowCount < AlignabilityTable.FewestUnpairedRows)
                Warn($"'{side.ColumnName}' has {side.UnpairedRowCount} unpaired rows; ",
                    $"below {AlignabilityTable.FewestUnpairedRows} a side the closed form does without transport, so that they count for little.");
        var (fewer, larger) = analysis.A.UnpairedRowCount < analysis.B.UnpairedRowCount ? (analysis.A, analysis.B) : (analysis.B, analysis.A);
        if (larger.UnpairedRowCount > UnequalPools * fewer.UnpairedRowCount && fewer.UnpairedRowCount > 0)
            Warn($"Unequal pools: '{larger.ColumnName}' has {larger.UnpairedRowCount} unpaired rows, ",
                $"'{fewer.ColumnName}' {fewer.UnpairedRowCount}. Many rows of the larger have no counterpart.");
        if (analysis.ClassShareDistance is { } distance && distance > SmallestShareDistance && distance > ShareDistanceOverChance * chanceShareDistance)
            Warn($"The classes' shares among the unpaired rows differ by {distance:F2} (equal ones would by {chanceShareDistance:F2}, by chance): ",
                $"unpaired rows then help little. With skewed shares the gain over linear fell from 3.8 to 0.4 points of R@1 (mean of 7 sets, 20 pairs).");
        if (lacksLabels)
            Warn($"Class shares cannot be compared: a side has no unpaired row with a label.");
        foreach (var side in sides)
        {
            if (side.ConstantSlotCount > 0 && side.EffectiveDimension is not null)
                Warn($"'{side.ColumnName}' has {side.ConstantSlotCount} of {side.Dimension} slots that hold one value in all rows.");
            if (side.DuplicateRowCount > ManyDuplicates * side.SampledRowCount && side.EffectiveDimension is not null)
                Warn($"'{side.ColumnName}' has {side.DuplicateRowCount} duplicates among {side.SampledRowCount} rows: ",
                    $"a row that is in a pair and in the pool, or in two pairs, makes figures look better than they are.");
            if (side.EffectiveDimension < OneDirection && side.Dimension - side.ConstantSlotCount >= ManySlots)
                Warn($"Nearly all spread of '{side.ColumnName}' is in one direction ",
                    $"(effective dimension {side.EffectiveDimension:F1} of {side.Dimension} slots): if one has another unit than the rest, normalise them.");
            if (side.Hubness > Hubs)
                Warn($"'{side.ColumnName}' has hubs (skewness {side.Hubness:F1}), rows near to many others: search with CSLS.");
        }
        return warnings.AsReadOnly();
    }
}
