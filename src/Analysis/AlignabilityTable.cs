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

    /// <summary>Unpaired rows per side below which the closed form leaves transport out.</summary>
    public const int FewestUnpairedRows = 100;

    // Two self-taught networks' features of pictures, CKA .48 and .89, 710 to 750 unpaired rows per side, 3 seeds.
    private static readonly (int Pairs, double Low, double High)[] OfAgreeing = [(5, 2.3, 55.1), (20, 7.8, 18.6), (200, 4.7, 7.3)];

    // Digits, emoji, proteins, leaves, cells, words and glosses, news; of any agreement, 3 seeds.
    private static readonly (int Pairs, double Low, double High)[] OfAny = [(5, -0.4, 54.1), (20, -0.7, 19.5), (50, -0.2, 6.6), (200, 0.0, 16.3)];

    // R@10 with CSLS less linear's, mean of the six pairs of views among them that nothing was tuned on.
    private static readonly (int Pairs, double Gain)[] Unseen = [(5, 10.4), (20, 5.3), (50, 2.5), (200, 6.3)];

    /// <summary>The range for data like these; null where the pairs show no agreement.</summary>
    public static AlignabilityExpectation? Expect(long pairs, double? linearCka, double? pValue)
    {
        if (pValue is not <= LargestPValue)
            return null;
        var agrees = linearCka >= Agreeing;
        var (measure, sets, table) = agrees ? ("R@1", 2, OfAgreeing) : ("R@10", 12, OfAny);
        var (measured, low, high) = table.MinBy(entry => Distance(entry.Pairs, pairs));
        var (unseenPairs, unseen) = Unseen.MinBy(entry => Distance(entry.Pairs, pairs));
        return new AlignabilityExpectation(measure, low, high, sets, measured, string.Create(CultureInfo.InvariantCulture,
            $"closed form against linear correlation on the pairs, {measure}: {low:+0.0;-0.0} to {high:+0.0;-0.0} points "
            + $"on {sets} measured pairs of views {(agrees ? "of CKA .48 and .89" : "of mixed agreement")} with {measured} pairs and hundreds of "
            + $"unpaired rows per side; "
            + $"on 6 that nothing was tuned on, R@10 {unseen:+0.0;-0.0} on average with {unseenPairs} pairs"));
    }

    private static double Distance(int measured, long pairs) => Math.Abs(Math.Log(measured / (double)pairs));
}
