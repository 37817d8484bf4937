using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// <see cref="PairwiseLogSumExp"/> in row blocks: the affinity matrix is never whole in memory, neither forward nor
/// backward, where each block is computed again. Output: `[n]` row sums, followed by `[m]` column sums where asked for.
/// </summary>
internal sealed class BlockLogSumExp : autograd.SingleTensorFunction<BlockLogSumExp>
{
    /// <summary>What is computed. <paramref name="Symmetric"/>: y is x and gradients go to x alone, as pair (i, j) is pair (j, i).</summary>
    internal sealed record Plan(Affinity Affinity, long Excluded, int BlockSize, bool Symmetric, double? Sharpness);

    public override string Name => nameof(BlockLogSumExp);

    /// <summary>Without <paramref name="columnScale"/> there are no column sums.</summary>
    public static Tensor Apply(Tensor x, Tensor? y, Tensor rowScale, Tensor? columnScale, Plan plan) => apply(x, y!, rowScale, columnScale!, plan);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, y, rowScale, columnScale, plan) = ((Tensor)vars[0], (Tensor?)vars[1], (Tensor)vars[2], (Tensor?)vars[3], (Plan)vars[4]);
        using var scope = NewDisposeScope();
        var affinities = new AffinityBlocks(x, y ?? x, plan.Affinity, plan.Excluded);
        var (n, m) = (x.size(0), affinities.Columns);
        var blocks = new RowBlocks(n, m, plan.BlockSize, plan.Sharpness is null ? 2 : 3, x);
        var sums = empty(columnScale is null ? n : n + m, x.dtype, x.device);
        var columnMax = full(m, Scalars.Of(double.NegativeInfinity), x.dtype, x.device);
        var columnSum = zeros(m, x.dtype, x.device);
        foreach (var block in blocks)
        {
            using var blockScope = NewDisposeScope();
            var a = affinities.Write(blocks.Buffer(0, block), block);
            var exponents = affinities.Mask(blocks.Buffer(1, block).copy_(a).mul_(rowScale), block);
            if (plan.Sharpness is { } sharpness)
                Tempering.Apply(exponents, blocks.Buffer(2, block), sharpness, affinities, block);
            var rowMax = exponents.amax([1], keepdim: true);
            sums.narrow(0, block.Start, block.Length).copy_(exponents.sub_(rowMax).exp_().sum(dim: 1).log_().AddInPlace(rowMax.squeeze(1)));
            if (columnScale is null)
                continue;

            // Online: rescale the sums so far to the new maximum.
            affinities.Mask(a.mul_(columnScale), block);
            var max = maximum(columnMax, a.amax(0));
            columnSum.mul_((columnMax - max).exp_()).AddInPlace(a.sub_(max).exp_().sum(dim: 0));
            columnMax.copy_(max);
        }

        if (columnScale is not null)
            sums.narrow(0, n, m).copy_(columnSum.log_().AddInPlace(columnMax));
        ctx.save_data(nameof(Plan), plan);
        ctx.save_for_backward([x, y!, rowScale, columnScale!, sums.detach().MoveToOuterDisposeScope()]);
        return sums.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var plan = (Plan)ctx.get_data(nameof(Plan));
        var saved = ctx.get_saved_variables();
        Tensor x = saved[0].detach(), y = saved[1]?.detach() ?? x, rowScale = saved[2].detach(), sums = saved[4];
        var columnScale = saved[3]?.detach();
        var affinities = new AffinityBlocks(x, y, plan.Affinity, plan.Excluded);
        var (n, m) = (x.size(0), affinities.Columns);
        var blocks = new RowBlocks(n, m, plan.BlockSize, plan.Sharpness is null ? 3 : 2 + Tempering.Buffers, x);
        var (rowGradients, rowSums) = (grad_output.narrow(0, 0, n).unsqueeze(1), sums.narrow(0, 0, n).unsqueeze(1));
        var (rowScaleGradient, columnScaleGradient) = (zeros_like(rowScale), columnScale is null ? null : zeros_like(columnScale));
        var gradient = new PairGradient(affinities, plan.Symmetric);
        foreach (var block in blocks)
        {
            using var blockScope = NewDisposeScope();
            var (rowSum, rowGradient) = (rowSums.narrow(0, block.Start, block.Length), rowGradients.narrow(0, block.Start, block.Length));
            var a = affinities.Write(blocks.Buffer(0, block), block);
            var weights = Exponents(1, rowScale);
            if (plan.Sharpness is { } sharpness)
                Tempering.Backward(weights, sharpness, affinities, blocks, 2, block, rowSum, rowGradient);
            else
                weights.sub_(rowSum).exp_().mul_(rowGradient);
            rowScaleGradient.AddInPlace(Pairwise.Inner(weights, a));
            if (plan.Symmetric) // the same pairs seen from the other side: their exponents are the same, their normalisers are not
                weights.AddInPlace(Exponents(2, rowScale).sub_(rowSums.t()).exp_().mul_(rowGradients.t()));
            weights.mul_(rowScale);
            if (columnScale is not null)
            {
                var columns = Exponents(2, columnScale).sub_(sums.narrow(0, n, m)).exp_().mul_(grad_output.narrow(0, n, m));
                columnScaleGradient!.AddInPlace(Pairwise.Inner(columns, a));
                weights.AddInPlace(columns.mul_(columnScale));
            }

            gradient.Add(weights, block);

            Tensor Exponents(int buffer, Tensor scale) => affinities.Mask(blocks.Buffer(buffer, block).copy_(a).mul_(scale), block);
        }

        var (gx, gy) = gradient.Result();
        return
        [
            gx.MoveToOuterDisposeScope(), gy?.MoveToOuterDisposeScope()!,
            rowScaleGradient.MoveToOuterDisposeScope(), columnScaleGradient?.MoveToOuterDisposeScope()!, null!,
        ];
    }
}
