using System.Security.Cryptography;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Analysis;

/// <summary>Measures whether two columns look as if they could be aligned.</summary>
internal static class AlignabilityAnalyzer
{
    private const int Pairings = 200; // with the given one
    private const int FewestForHubness = 12;

    /// <summary>Reads the view once and computes.</summary>
    public static AlignabilityAnalysis Run(
        IHostEnvironment environment, IDataView data, string columnA, string columnB, string? pairedColumn, string? labelA, string? labelB, int? seed,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentException.ThrowIfNullOrEmpty(columnA);
        ArgumentException.ThrowIfNullOrEmpty(columnB);
        CheckCancelled();
        var usedSeed = seed ?? HostSettings.Seed(environment) ?? RandomNumberGenerator.GetInt32(int.MaxValue);
        using var random = new RandomSource(usedSeed);
        var rows = AlignabilityRows.Read(data, columnA, columnB, pairedColumn, labelA ?? labelB, labelB ?? labelA, random, CheckCancelled);
        var pairs = rows.Pairs.Items;
        var (pairsA, pairsB) = (Pairs([.. pairs.Select(pair => pair.A)], cancellationToken), Pairs([.. pairs.Select(pair => pair.B)], cancellationToken));
        var (linear, kernel) = (KernelAgreement.Of(pairsA.Linear, pairsB.Linear), KernelAgreement.Of(pairsA.Kernel, pairsB.Kernel));
        var pValue = PValue(pairsA, pairsB, linear, kernel, random.Managed("pairings"), CheckCancelled);
        var comparable = pairsA.Nearest is not null && pairsB.Nearest is not null;
        var neighbours = NeighbourGraph.Neighbours(pairs.Count);
        var (shares, distance, chance) = Shares(rows.A.Classes, rows.B.Classes);
        var analysis = new AlignabilityAnalysis
        {
            A = Side(rows.A, cancellationToken),
            B = Side(rows.B, cancellationToken),
            PairCount = rows.Pairs.Count,
            SampledPairCount = pairs.Count,
            EmptyRowCount = rows.EmptyRowCount,
            LinearCka = linear,
            KernelCka = kernel,
            PairingPValue = pValue,
            NeighbourOverlap = comparable ? NeighbourGraph.Overlap(pairsA.Nearest!, pairsB.Nearest!) : null,
            ChanceNeighbourOverlap = comparable ? neighbours / (pairs.Count - 1.0) : null,
            NeighbourCount = neighbours,
            ClassShares = shares,
            ClassShareDistance = distance,
            Expectation = AlignabilityTable.Expect(rows.Pairs.Count, linear, pValue),
            Warnings = [],
            Seed = usedSeed,
        };
        return analysis with { Warnings = AlignabilityWarnings.Of(analysis, chance, distance is null && (labelA ?? labelB) is not null) };

        void CheckCancelled()
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (HostSettings.IsCanceled(environment))
                throw new OperationCanceledException("The analysis was cancelled through the MLContext.");
        }
    }

    private static PairSide Pairs(double[][] rows, CancellationToken cancellationToken)
    {
        if (rows.Length < KernelAgreement.FewestPairs || Gram.Centred(rows) is not { } centred)
            return new PairSide(null, null, null);
        var products = Gram.Products(centred, cancellationToken);
        var distances = Gram.SquaredDistances(products);
        return new PairSide(
            KernelAgreement.Centre(products), KernelAgreement.Centre(Gram.Gaussian(distances)),
            NeighbourGraph.Of(distances, NeighbourGraph.Neighbours(rows.Length), cancellationToken));
    }

    private static double? PValue(PairSide a, PairSide b, double? linear, double? kernel, ManagedGenerator random, Action checkCancelled)
    {
        if (linear is null && kernel is null)
            return null;
        var given = Math.Max(linear ?? double.NegativeInfinity, kernel ?? double.NegativeInfinity);
        var (reached, order) = (1, Enumerable.Range(0, (a.Linear ?? a.Kernel)!.Length).ToArray());
        for (var pairing = 1; pairing < Pairings; pairing++)
        {
            checkCancelled();
            random.Shuffle(order.AsSpan());
            var other = Math.Max(
                KernelAgreement.Of(a.Linear, b.Linear, order) ?? double.NegativeInfinity,
                KernelAgreement.Of(a.Kernel, b.Kernel, order) ?? double.NegativeInfinity);
            reached += other >= given - 1e-12 ? 1 : 0; // the same pairing in another order of additions
        }
        return reached / (double)Pairings;
    }

    private static AlignabilitySide Side(AlignabilityRows.SideRows side, CancellationToken cancellationToken)
    {
        var rows = side.Sample.Items;
        double? effective = null, hubness = null;
        if (Gram.Centred(rows) is { } centred)
        {
            var products = Gram.Products(centred, cancellationToken);
            effective = Gram.ParticipationRatio(products);
            if (rows.Count >= FewestForHubness)
                hubness = NeighbourGraph.Hubness(NeighbourGraph.Of(Gram.SquaredDistances(products), NeighbourGraph.Neighbours(rows.Count), cancellationToken));
        }
        return new AlignabilitySide
        {
            ColumnName = side.Features.Column.Name,
            Dimension = side.Features.Dimension,
            RowCount = side.Sample.Count,
            UnpairedRowCount = side.UnpairedRowCount,
            SampledRowCount = rows.Count,
            ConstantSlotCount = side.ConstantSlotCount,
            DuplicateRowCount = rows.Count - rows.Distinct(SameValues.Instance).Count(),
            EffectiveDimension = effective,
            Hubness = hubness,
        };
    }

    private static (IReadOnlyList<AlignabilityClassShare> Shares, double? Distance, double Chance) Shares(
        Dictionary<string, long> a, Dictionary<string, long> b)
    {
        double totalA = a.Values.Sum(), totalB = b.Values.Sum();
        if (totalA == 0 || totalB == 0)
            return ([], null, 0);
        AlignabilityClassShare[] shares =
        [
            .. a.Keys.Union(b.Keys).Select(label => new AlignabilityClassShare(label, a.GetValueOrDefault(label) / totalA, b.GetValueOrDefault(label) / totalB))
                .OrderByDescending(share => share.ShareA + share.ShareB).ThenBy(share => share.Label, StringComparer.Ordinal),
        ];
        // The mean absolute difference of two shares that are equal, as normal variables.
        var chance = shares.Sum(share =>
        {
            var pooled = ((share.ShareA * totalA) + (share.ShareB * totalB)) / (totalA + totalB);
            return Math.Sqrt(2 / Math.PI * pooled * (1 - pooled) * ((1 / totalA) + (1 / totalB)));
        });
        return (Array.AsReadOnly(shares), shares.Sum(share => Math.Abs(share.ShareA - share.ShareB)) / 2, chance / 2);
    }

    private sealed record PairSide(double[][]? Linear, double[][]? Kernel, int[][]? Nearest);

    private sealed class SameValues : IEqualityComparer<double[]>
    {
        public static readonly SameValues Instance = new();

        public bool Equals(double[]? x, double[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(double[] row)
        {
            var hash = new HashCode();
            foreach (var value in row)
                hash.Add(value);
            return hash.ToHashCode();
        }
    }
}
