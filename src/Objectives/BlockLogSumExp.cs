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
        var sums = empty(columnScale is null ? n : n + m, x.dtype, x.device);
        var columnMax = full(m, double.NegativeInfinity, x.dtype, x.device);
        var columnSum = zeros(m, x.dtype, x.device);
        foreach (var (start, length) in Pairwise.Blocks(n, m, plan.BlockSize))
        {
            using var block = NewDisposeScope();
            var a = affinities.Rows(start, length);
            var exponents = a * rowScale;
            if (plan.Sharpness is { } sharpness)
                exponents = exponents.mul_(Tempering.Weights(exponents, sharpness, affinities, start));
            sums.narrow(0, start, length).copy_(affinities.Mask(exponents, start).logsumexp(1));
            if (columnScale is null)
                continue;

            // Online: rescale the sums so far to the new maximum.
            a.mul_(columnScale);
            var max = maximum(columnMax, a.amax(0));
            columnSum.mul_((columnMax - max).exp_()).add_(a.sub_(max).exp_().sum(dim: 0));
            columnMax.copy_(max);
        }

        if (columnScale is not null)
            sums.narrow(0, n, m).copy_(columnSum.log_().add_(columnMax));
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
        var rowGradient = grad_output.narrow(0, 0, n).unsqueeze(1);
        var rowSums = sums.narrow(0, 0, n).unsqueeze(1);

        var gradient = new PairGradient(affinities, plan.Symmetric);
        var (rowScaleGradient, columnScaleGradient) = (zeros_like(rowScale), columnScale is null ? null : zeros_like(columnScale));
        foreach (var (start, length) in Pairwise.Blocks(n, m, plan.BlockSize))
        {
            using var block = NewDisposeScope();
            var a = affinities.Rows(start, length);
            var exponents = a * rowScale;
            Tensor weights;
            if (plan.Sharpness is { } sharpness)
            {
                weights = Tempering.Backward(exponents, sharpness, affinities, start, rowSums.narrow(0, start, length), rowGradient.narrow(0, start, length));
                rowScaleGradient.add_(Pairwise.Inner(weights, a));
            }
            else
            {
                weights = (plan.Symmetric ? exponents.sub(rowSums.narrow(0, start, length)) : exponents.sub_(rowSums.narrow(0, start, length))).exp_();
                weights.mul_(rowGradient.narrow(0, start, length));
                rowScaleGradient.add_(Pairwise.Inner(weights, a));
                if (plan.Symmetric) // the same pairs seen from the other side: their exponents are the same, their normalisers are not
                    weights.add_(exponents.sub_(rowSums.t()).exp_().mul_(rowGradient.t()));
            }

            weights.mul_(rowScale);
            if (columnScale is not null)
            {
                var columns = a.mul(columnScale).sub_(sums.narrow(0, n, m)).exp_().mul_(grad_output.narrow(0, n, m));
                columnScaleGradient!.add_(Pairwise.Inner(columns, a));
                weights.add_(columns.mul_(columnScale));
            }

            gradient.Add(weights, start);
        }

        var (gx, gy) = gradient.Result();
        return
        [
            gx.MoveToOuterDisposeScope(), gy?.MoveToOuterDisposeScope()!,
            rowScaleGradient.MoveToOuterDisposeScope(), columnScaleGradient?.MoveToOuterDisposeScope()!, null!,
        ];
    }
}
