using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>What the alignment is fitted on: floating-point rows, borrowed. Row i of one side's pairs belongs to row i of the other's.</summary>
internal sealed class AlignmentData
{
    /// <param name="pairsA">`[n, dimA]`, n of 2 or more.</param>
    /// <param name="pairsB">`[n, dimB]`.</param>
    /// <param name="unpairedA">`[m, dimA]`, or null for none.</param>
    /// <param name="unpairedB">`[k, dimB]`, or null for none.</param>
    /// <exception cref="ArgumentException">Shapes or types do not fit, fewer than two pairs, or a value that is not finite.</exception>
    public AlignmentData(Tensor pairsA, Tensor pairsB, Tensor? unpairedA = null, Tensor? unpairedB = null)
    {
        (PairsA, PairsB) = (pairsA, pairsB);
        (UnpairedA, UnpairedB) = (unpairedA is { } a && HasRows(a) ? a : null, unpairedB is { } b && HasRows(b) ? b : null);
        foreach (var (side, part, rows) in new[] { ("A", "pairs", pairsA), ("A", "unpaired rows", UnpairedA), ("B", "pairs", pairsB), ("B", "unpaired rows", UnpairedB) })
            if (rows is not null)
                CheckRows(side, part, rows, side == "A" ? pairsA : pairsB);
        if (pairsA.size(0) != pairsB.size(0))
            throw new ArgumentException($"Side A has {pairsA.size(0)} rows of pairs, side B has {pairsB.size(0)}; expected the same number.", nameof(pairsB));
        if (pairsA.size(0) < 2)
            throw new ArgumentException($"The closed-form alignment needs at least 2 pairs, found {pairsA.size(0)}.", nameof(pairsA));
    }

    public Tensor PairsA { get; }

    public Tensor PairsB { get; }

    /// <summary>Null where there are none.</summary>
    public Tensor? UnpairedA { get; }

    /// <summary>Null where there are none.</summary>
    public Tensor? UnpairedB { get; }

    /// <summary>All rows of a side, in one or two parts.</summary>
    public IReadOnlyList<Tensor> AllRows(AlignmentSide side) => (side == AlignmentSide.A ? (PairsA, UnpairedA) : (PairsB, UnpairedB)) switch
    {
        (var pairs, null) => [pairs],
        var (pairs, unpaired) => [pairs, unpaired],
    };

    /// <summary>Refuses what cannot be embedded.</summary>
    internal static void CheckRows(string side, string part, Tensor rows, Tensor? like = null)
    {
        if (rows.dim() != 2 || rows.size(1) == 0 || !rows.is_floating_point())
            throw new ArgumentException($"Side {side}, {part}: expected floating-point rows [rows, dimension], found {rows.dtype} [{string.Join(", ", rows.shape)}].");
        if (like is not null && rows.size(1) != like.size(1))
            throw new ArgumentException($"Side {side}, {part}: expected dimension {like.size(1)} as in the pairs, found {rows.size(1)}.");
        using var scope = NewDisposeScope();
        // The sum of a row is finite exactly where all its values are: float64 does not overflow on float32 values.
        var finite = rows.sum(1, type: ScalarType.Float64).isfinite();
        if (finite.all().item<bool>())
            return;
        var row = finite.to(ScalarType.Byte).argmin().item<long>();
        throw new ArgumentException($"Side {side}, {part}: row {row} has a value that is not finite.");
    }

    private static bool HasRows(Tensor rows) => rows.dim() != 2 || rows.size(0) > 0; // a wrong shape is refused below
}
