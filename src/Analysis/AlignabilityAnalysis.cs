using System.Globalization;
using System.Text;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Whether two modalities look as if few pairs and many unpaired rows could align them, before anything is trained. Made by
/// <c>mlContext.GentleClip().AnalyzeAlignability(...)</c>.
/// </summary>
/// <remarks>
/// <para>Agreement is measured on the pairs. Centred kernel alignment (CKA; Kornblith et al., 2019) is computed with the unbiased estimator
/// of HSIC (Song et al., 2012), which is about 0 for unrelated views with any number of pairs and may be below 0; the usual biased figure
/// comes near 1 as soon as there are more slots than pairs. The kernel of <see cref="KernelCka"/> is exp(-squared distance / median squared
/// distance).</para>
/// <para>A figure that cannot be computed is null, never NaN, and <see cref="Warnings"/> say why.</para>
/// </remarks>
public sealed record AlignabilityAnalysis
{
    internal AlignabilityAnalysis()
    {
    }

    /// <summary>Modality A.</summary>
    public required AlignabilitySide A { get; init; }

    /// <summary>Modality B.</summary>
    public required AlignabilitySide B { get; init; }

    /// <summary>Number of pairs.</summary>
    public required long PairCount { get; init; }

    /// <summary>Pairs that agreement was measured on: all of <see cref="PairCount"/>, or a random sample.</summary>
    public required int SampledPairCount { get; init; }

    /// <summary>Rows that have neither side.</summary>
    public required long EmptyRowCount { get; init; }

    /// <summary>
    /// Linear CKA of the pairs, debiased: about 0 for unrelated views, 1 for views that are rotations of one another. Null for fewer than 4
    /// pairs, or where a side does not vary.
    /// </summary>
    public required double? LinearCka { get; init; }

    /// <summary>CKA of the pairs with Gaussian kernels, debiased. Null as <see cref="LinearCka"/>.</summary>
    public required double? KernelCka { get; init; }

    /// <summary>
    /// Share of 200 pairings, the given one and 199 random ones of the same rows, whose larger CKA is at least that of the given one: near
    /// 0 where the pairs tell something, anywhere between 0 and 1 for unrelated views. Null where both CKA are.
    /// </summary>
    public required double? PairingPValue { get; init; }

    /// <summary>
    /// Mean share of a row's <see cref="NeighbourCount"/> nearest pairs in A that are among its nearest in B as well, 0 to 1. Null as
    /// <see cref="LinearCka"/>.
    /// </summary>
    public required double? NeighbourOverlap { get; init; }

    /// <summary>What <see cref="NeighbourOverlap"/> would be by chance: <see cref="NeighbourCount"/> / (pairs - 1).</summary>
    public required double? ChanceNeighbourOverlap { get; init; }

    /// <summary>Neighbours of <see cref="NeighbourOverlap"/>: 10, fewer where there are few pairs.</summary>
    public required int NeighbourCount { get; init; }

    /// <summary>
    /// Shares of the classes among the unpaired rows, the largest first. Empty without label columns, or where one side has no labelled unpaired row.
    /// </summary>
    public required IReadOnlyList<AlignabilityClassShare> ClassShares { get; init; }

    /// <summary>
    /// Half the sum of the differences between the shares of A and of B (total variation), 0 to 1. Null where <see cref="ClassShares"/> is empty.
    /// </summary>
    public required double? ClassShareDistance { get; init; }

    /// <summary>What a closed-form alignment gained on measured sets like this one; null where the pairs show no agreement, or too few to
    /// tell.</summary>
    public required AlignabilityExpectation? Expectation { get; init; }

    /// <summary>What may go wrong, in words; empty where nothing was found.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The seed that repeats the analysis.</summary>
    public required int Seed { get; init; }

    /// <summary>A report of a dozen lines for a console.</summary>
    public override string ToString()
    {
        var text = new StringBuilder().Append(
            CultureInfo.InvariantCulture, $"Alignability of '{A.ColumnName}' and '{B.ColumnName}': {PairCount} pair{(PairCount == 1 ? "" : "s")}");
        if (SampledPairCount < PairCount)
            text.Append(CultureInfo.InvariantCulture, $" ({SampledPairCount} sampled)");
        text.AppendLine();
        Line("CKA, linear / kernel", $"{Number(LinearCka)} / {Number(KernelCka)}   (debiased; unrelated views about 0; p = {Number(PairingPValue, "F3")})");
        Line("common neighbours", NeighbourOverlap is null ? "-" :
            $"{Number(NeighbourOverlap)} of the {NeighbourCount} nearest   (by chance {Number(ChanceNeighbourOverlap)})");
        text.AppendLine().Append($"  {"",-24}{"A",12}{"B",12}").AppendLine();
        Both("slots", side => $"{side.Dimension}");
        Both("unpaired rows", side => $"{side.UnpairedRowCount}");
        Both("rows sampled", side => $"{side.SampledRowCount}");
        Both("effective dimension", side => Number(side.EffectiveDimension, "F1"));
        Both("hubness (skewness)", side => Number(side.Hubness));
        Both("constant slots", side => $"{side.ConstantSlotCount}");
        Both("duplicate rows", side => $"{side.DuplicateRowCount}");
        text.AppendLine();
        if (ClassShareDistance is not null)
        {
            Line("class shares differ by", Number(ClassShareDistance));
            foreach (var share in ClassShares.Take(MostClasses))
                text.Append(CultureInfo.InvariantCulture, $"    {share.Label,-20}{100 * share.ShareA,10:F1} %{100 * share.ShareB,10:F1} %").AppendLine();
            if (ClassShares.Count > MostClasses)
                text.Append(CultureInfo.InvariantCulture, $"    and {ClassShares.Count - MostClasses} more").AppendLine();
        }
        Line("to expect", Expectation?.Description ?? "unknown: see the warnings");
        foreach (var warning in Warnings)
            text.Append("  ! ").AppendLine(warning);
        return text.ToString().TrimEnd();

        void Line(string name, string value) => text.Append($"  {name,-24}{value}").AppendLine();
        void Both(string name, Func<AlignabilitySide, string> value) => text.Append($"  {name,-24}{value(A),12}{value(B),12}").AppendLine();
    }

    private const int MostClasses = 10;

    private static string Number(double? value, string format = "F2") => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
