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
        : this(
            Checked("A", "pairs", pairsA)!, Checked("B", "pairs", pairsB)!,
            Checked("A", "unpaired rows", unpairedA), Checked("B", "unpaired rows", unpairedB))
    {
    }

    /// <summary>As of tensors; that all values are finite is for the caller to know.</summary>
    /// <exception cref="ArgumentException">Dimensions do not fit, or fewer than two pairs.</exception>
    public AlignmentData(RowSource pairsA, RowSource pairsB, RowSource? unpairedA = null, RowSource? unpairedB = null)
    {
        (PairsA, PairsB) = (pairsA, pairsB);
        (UnpairedA, UnpairedB) = (unpairedA is { Count: > 0 } ? unpairedA : null, unpairedB is { Count: > 0 } ? unpairedB : null);
        foreach (var (side, rows, like) in new[] { ("A", UnpairedA, pairsA), ("B", UnpairedB, pairsB) })
            if (rows is not null && rows.Dimension != like.Dimension)
                throw new ArgumentException($"Side {side}, unpaired rows: expected dimension {like.Dimension} as in the pairs, found {rows.Dimension}.");
        if (pairsA.Count != pairsB.Count)
            throw new ArgumentException($"Side A has {pairsA.Count} rows of pairs, side B has {pairsB.Count}; expected the same number.", nameof(pairsB));
        if (pairsA.Count < 2)
            throw new ArgumentException($"The closed-form alignment needs at least 2 pairs, found {pairsA.Count}.", nameof(pairsA));
    }

    public RowSource PairsA { get; }

    public RowSource PairsB { get; }

    /// <summary>Null where there are none.</summary>
    public RowSource? UnpairedA { get; }

    /// <summary>Null where there are none.</summary>
    public RowSource? UnpairedB { get; }

    /// <summary>All rows of a side, in one or two parts.</summary>
    public IReadOnlyList<RowSource> AllRows(Side side) => (side == Side.A ? (PairsA, UnpairedA) : (PairsB, UnpairedB)) switch
    {
        (var pairs, null) => [pairs],
        var (pairs, unpaired) => [pairs, unpaired],
    };

    /// <summary>Refuses what cannot be embedded.</summary>
    internal static void CheckRows(string side, string part, Tensor rows)
    {
        if (rows.dim() != 2 || rows.size(1) == 0 || !rows.is_floating_point())
            throw new ArgumentException(
                $"Side {side}, {part}: expected floating-point rows [rows, dimension], found {rows.dtype} [{string.Join(", ", rows.shape)}].");
        var source = new TensorRows(rows);
        foreach (var (start, length) in source.Blocks(0, new Pace(int.MaxValue)))
        {
            using var scope = NewDisposeScope();
            // The sum of a row is finite exactly where all its values are: float64 does not overflow on float32 values.
            var finite = source.Block(start, length).sum(1, type: ScalarType.Float64).isfinite();
            if (!finite.all().item<bool>())
            {
                var row = start + finite.to(ScalarType.Byte).argmin().item<long>();
                throw new ArgumentException($"Side {side}, {part}: row {row} has a value that is not finite.");
            }
        }
    }

    private static TensorRows? Checked(string side, string part, Tensor? rows)
    {
        if (rows is null || (rows.dim() == 2 && rows.size(0) == 0))
            return rows is null || part != "pairs" ? null : new TensorRows(rows);
        CheckRows(side, part, rows);
        return new TensorRows(rows);
    }
}
