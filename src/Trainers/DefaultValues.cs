using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// Finds samples that look like a default value where the side is in fact absent: the 0 that a text loader puts into empty cells,
/// the mean of a replacement. They
/// would be learnt from, and make pairs of rows that are none.
/// </summary>
internal static class DefaultValues
{
    private const int FewestRows = 10;
    private const int FewestRepeats = 5;
    private const int FewestSlots = 4;
    private const double ShareOfRepeats = 0.1;
    private const double ShareOfZerosAmongDense = 0.05;
    private const double ShareOfZerosAmongSparse = 0.2;
    private const double ShareOfZerosAmongOneHot = 0.3;
    private const double MostZeroSlotsOfDense = 0.1;
    private const double ExcessOverChance = 1.5;
    private const double NearlyAll = 0.95;

    /// <summary>What is to be said of a column; null where nothing is remarkable.</summary>
    /// <param name="profile">Its samples.</param>
    /// <param name="store">The samples themselves, or those of this process.</param>
    /// <param name="shards">Where all of them are; null where they are here.</param>
    /// <param name="what">What messages call the data, empty or ending in a blank.</param>
    /// <param name="rows">Rows read.</param>
    /// <param name="pairs">Those that are matched pairs.</param>
    public static string? Find(RowProfile profile, ExampleStore store, SampleShards? shards, string what, long rows, int pairs)
    {
        if (profile.Count < FewestRows)
            return null;
        var (distinct, position, row, times) = profile.MostFrequent();
        if (distinct == 1)
            return string.Create(CultureInfo.InvariantCulture,
                $"{what}Column '{profile.Column}' is the same in all {profile.Count} rows that have it: nothing can be learnt from it.");
        var constant = shards is null ? Constant(store, position) : Constant(store, shards, position);
        var othersDiffer = distinct - 1 >= (profile.Count - times) / 2;
        var isZero = HasTooManyZeros(profile, othersDiffer);
        if (!isZero && (times < FewestRepeats || times < ShareOfRepeats * profile.Count || !othersDiffer || constant == 0))
            return null;
        var (count, found) = isZero ? (profile.Zeros, "0 in every slot") : (times, constant is { } value
            ? string.Create(CultureInfo.InvariantCulture, $"{value} in every slot") : "bit for bit the same");
        var first = isZero ? "" : string.Create(CultureInfo.InvariantCulture, $" (row {row} is the first)");
        var allPairs = pairs >= NearlyAll * rows
            ? string.Create(CultureInfo.InvariantCulture, $" {pairs} of {rows} rows count as matched pairs, these among them.") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{what}Column '{profile.Column}' is {found} in {count} of {profile.Count} rows{first}, which looks like a default value. " +
            $"If these rows lack the column, they are learnt from all the same.{allPairs} " +
            $"Absent sides must be NaN in every slot, null or empty: see MarkMissingModality, and " +
            $"MissingRealsAsNaNs of text loaders; ReplaceMissingValues fills absent sides.");
    }

    private static bool HasTooManyZeros(RowProfile profile, bool othersDiffer)
    {
        if (profile.Zeros < FewestRepeats)
            return false;
        // Of one number or a few, 0 is as good as any other, unless hardly any other occurs twice.
        if (profile.Dimension < FewestSlots)
            return othersDiffer && profile.Zeros >= ShareOfZerosAmongSparse * profile.Count;
        var share = (double)profile.Zeros / profile.Count;
        if (profile.MeanNonzero >= (1 - MostZeroSlotsOfDense) * profile.Dimension)
            return share >= ShareOfZerosAmongDense;
        if (profile.NonzeroIsFixed)
            return share >= ShareOfZerosAmongOneHot;
        return share >= Math.Max(ShareOfZerosAmongSparse, ExcessOverChance * ChanceOfZero(profile.MeanNonzero));
    }

    // The share of zeros that a Poisson distribution has whose other values have this mean: many texts of few words have none of the vocabulary.
    private static double ChanceOfZero(double meanOfOthers)
    {
        const int steps = 50;
        var rate = meanOfOthers;
        for (var i = 0; i < steps; i++)
            rate = meanOfOthers * (1 - Math.Exp(-rate));
        return Math.Exp(-rate);
    }

    private static float? Constant(ExampleStore store, SampleShards shards, int position)
    {
        float? constant = null;
        shards.Exchange(
            [position], 2 * sizeof(float),
            (_, bytes) =>
            {
                var own = Constant(store, shards.Local(position));
                MemoryMarshal.Cast<byte, float>(bytes)[0] = own is null ? 0 : 1;
                MemoryMarshal.Cast<byte, float>(bytes)[1] = own ?? 0;
            },
            (_, bytes) => constant = MemoryMarshal.Cast<byte, float>(bytes)[0] == 0 ? null : MemoryMarshal.Cast<byte, float>(bytes)[1], "a frequent sample");
        return constant;
    }

    private static float? Constant(ExampleStore store, int position)
    {
        if (store is not VectorStore { Dimension: > 1 } vectors)
            return null;
        var values = vectors.Stored(position, out _);
        if (values.Length < vectors.Dimension) // sparse: the others are 0
            return values.ContainsAnyExcept(0f) ? null : 0;
        return values.ContainsAnyExcept(values[0]) ? null : values[0];
    }
}
