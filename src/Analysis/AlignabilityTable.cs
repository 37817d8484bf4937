using System.Globalization;

namespace Microsoft.ML.GentleClip.Analysis;

/// <summary>
/// Gains of the closed form over linear ridge canonical correlation as they were measured (docs/reproduction), by agreement and number of pairs.
/// </summary>
internal static class AlignabilityTable
{
    /// <summary>Linear CKA from which views count as agreeing: that of the less similar of the two sets measured there.</summary>
    public const double Agreeing = 0.48;

    /// <summary>p-value up to which the pairs show agreement.</summary>
    public const double LargestPValue = 0.05;

    /// <summary>Unpaired rows a side below which the closed form leaves transport out.</summary>
    public const int FewestUnpairedRows = 100;

    // Two self-taught networks' features of pictures, CKA .48 and .89, 710 to 750 unpaired rows a side, 3 seeds.
    private static readonly (int Pairs, double Low, double High)[] OfAgreeing = [(5, 0.3, 24.1), (20, 3.5, 11.9), (200, 2.3, 5.7)];

    // Digits twice, emoji twice, proteins; of any agreement, 3 seeds.
    private static readonly (int Pairs, double Low, double High)[] OfAny = [(20, -1.0, 12.4), (50, 0.9, 4.7), (200, 0.7, 10.6)];

    // R@10 of the present closed form less linear, mean of seven sets that nothing was tuned on.
    private static readonly (int Pairs, double Gain)[] Unseen = [(5, 4.9), (20, 3.4), (50, 1.2), (200, 0.6)];

    /// <summary>The range for data like these; null where the pairs show no agreement.</summary>
    public static AlignabilityExpectation? Expect(long pairs, double? linearCka, double? pValue)
    {
        if (pValue is not <= LargestPValue)
            return null;
        var agrees = linearCka >= Agreeing;
        var (measure, sets, table) = agrees ? ("R@1", 2, OfAgreeing) : ("R@10", 5, OfAny);
        var (measured, low, high) = table.MinBy(entry => Distance(entry.Pairs, pairs));
        var (unseenPairs, unseen) = Unseen.MinBy(entry => Distance(entry.Pairs, pairs));
        return new AlignabilityExpectation(measure, low, high, sets, measured, string.Create(CultureInfo.InvariantCulture,
            $"closed form against linear correlation on the pairs, {measure}: {low:+0.0;-0.0} to {high:+0.0;-0.0} points "
            + $"on {sets} measured sets {(agrees ? "of CKA .48 and .89" : "of mixed agreement")} with {measured} pairs and hundreds of unpaired rows a side; "
            + $"on 7 other sets that nothing was tuned on, R@10 {unseen:+0.0;-0.0} on average with {unseenPairs} pairs"));
    }

    private static double Distance(int measured, long pairs) => Math.Abs(Math.Log(measured / (double)pairs));
}
