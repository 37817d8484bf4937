using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// How the row blocks of a batch's matrices are dealt out among processes: in slices of neighbouring rows, whose number does not depend on that of the
/// processes, and whose parts are put together in the same order everywhere.
/// </summary>
/// <param name="Slices">Slices of a matrix' rows.</param>
/// <param name="Group">The processes, each with as many slices.</param>
internal sealed record PairShare(int Slices, ProcessGroup Group)
{
    /// <summary>The slices of this process.</summary>
    public IEnumerable<int> Own => new OwnedParts(Slices, Group).Own;

    /// <summary>Rows of a block at most, so that every slice gets some where there are rows enough.</summary>
    public int BlockSize(int most, Tensor a, Tensor b) => (int)Math.Clamp((Math.Min(a.size(0), b.size(0)) + Slices - 1) / Slices, 1, most);

    /// <summary>The slice that a block belongs to.</summary>
    public int SliceOf(RowBlock block, long rows) => (int)(block.Start * Slices / rows);

    /// <summary>What each slice has in its output, <c>[slices, numbers]</c>, from those of this process.</summary>
    public Tensor Gather(Tensor own) => Group.Gather(own, "the losses' statistics").reshape(Slices, -1);

    /// <summary>The sum of what each of this process's slices has, and each of the others'.</summary>
    public Tensor Sum(IEnumerable<Tensor> own)
    {
        using var scope = NewDisposeScope();
        var sum = new OrderedSum();
        var length = 0L;
        foreach (var part in own)
        {
            length = part.numel();
            sum.Add(cat([part, zeros(Group.Padding(length), part.dtype, part.device)], 0));
        }
        var total = sum.Take();
        Group.SumInOrder(total, "the gradient of the losses");
        return total.narrow(0, 0, length).MoveToOuterDisposeScope();
    }
}
