using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>Nearest bank rows, exactly.</summary>
internal static class Neighbours
{
    /// <summary>Squared distance, as a share of the row's squared length or of 1, up to which a bank row is taken for the row itself.</summary>
    public const double SameRow = 1e-10; // squared distance that is rounding: prepared rows are of order 1

    /// <summary>
    /// Squared distances and numbers `[n, min(count, bank - 1)]` of the nearest bank rows, nearest first, the row itself excluded: a bank row in the
    /// same place is taken for it, once.
    /// </summary>
    /// <param name="rows">Prepared rows `[n, dim]`.</param>
    /// <param name="bank">`[m, dim]`, m of 2 or more.</param>
    /// <param name="count">Neighbours.</param>
    public static (Tensor Distances, Tensor Numbers) Nearest(Tensor rows, Tensor bank, int count)
    {
        using var scope = NewDisposeScope();
        var kept = (int)Math.Min(count, bank.size(0) - 1);
        var (distances, numbers) = Pairwise.SquaredDistances(rows, bank).topk(kept + 1, 1, largest: false);
        // One more than needed: drop the first where it is the row itself, else the last.
        var tolerance = rows.Squared().sum(dim: 1, keepdim: true).clamp_min(Scalars.One).Times(SameRow);
        var order = Scalars.Range(kept, rows.device).Plus((distances.narrow(1, 0, 1) <= tolerance).to(ScalarType.Int64));
        return (distances.gather(1, order).MoveToOuterDisposeScope(), numbers.gather(1, order).MoveToOuterDisposeScope());
    }
}
