using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// <see cref="KernelSums"/> in row blocks, computed again in backward. Output: `[2, n]` row sums, followed by `[2, m]` column sums unless symmetric.
/// </summary>
internal sealed class BlockKernelSums : autograd.SingleTensorFunction<BlockKernelSums>
{
    /// <summary>What is computed; without y the set is compared with itself.</summary>
    internal sealed record Plan(PolynomialKernel Polynomial, bool ExcludeSelf, int BlockSize);

    public override string Name => nameof(BlockKernelSums);

    public static Tensor Apply(Tensor x, Tensor? y, Tensor squaredBandwidth, Plan plan) => apply(x, y!, squaredBandwidth, plan);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, y, squaredBandwidth, plan) = ((Tensor)vars[0], (Tensor?)vars[1], (Tensor)vars[2], (Plan)vars[3]);
        using var scope = NewDisposeScope();
        var pairs = new Pairs(x, y ?? x, squaredBandwidth, plan);
        var (n, m) = (x.size(0), pairs.Y.size(0));
        var blocks = new RowBlocks(n, m, plan.BlockSize, 2, x);
        var sums = zeros(2, y is null ? n : n + m, x.dtype, x.device);
        foreach (var block in blocks)
        {
            using var blockScope = NewDisposeScope();
            var (bases, gauss) = pairs.Write(blocks.Buffer(0, block), blocks.Buffer(1, block), block);
            Sum(gauss, sums[0]);
            Sum(bases.pow_(Scalars.Of(plan.Polynomial.Degree)).div_(Scalars.Of(plan.Polynomial.Scale)), sums[1]);

            void Sum(Tensor kernel, Tensor target)
            {
                if (plan.ExcludeSelf)
                    kernel.diagonal(block.Start).fill_(Scalars.Zero);
                target.narrow(0, block.Start, block.Length).copy_(kernel.sum(dim: 1));
                if (y is not null)
                    target.narrow(0, n, m).AddInPlace(kernel.sum(dim: 0));
            }
        }

        ctx.save_data(nameof(Plan), plan);
        ctx.save_for_backward([x, y!, squaredBandwidth]);
        return sums.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var plan = (Plan)ctx.get_data(nameof(Plan));
        var polynomial = plan.Polynomial;
        var saved = ctx.get_saved_variables();
        Tensor x = saved[0].detach(), squaredBandwidth = saved[2].detach();
        var y = saved[1]?.detach();
        var pairs = new Pairs(x, y ?? x, squaredBandwidth, plan);
        var (n, m) = (x.size(0), pairs.Y.size(0));
        var blocks = new RowBlocks(n, m, plan.BlockSize, 3, x);
        // The pair (i, j) counts in sum i and in sum j, whether those are a row's and a column's or two rows' of one set.
        var (rowGradient, columnGradient) = (grad_output.narrow(1, 0, n).unsqueeze(2), grad_output.narrow(1, y is null ? 0 : n, m).unsqueeze(1));
        var (gx, gy, columnSums) = (empty_like(x), y is null ? null : zeros_like(y), zeros(m, 1, x.dtype, x.device));
        foreach (var block in blocks)
        {
            using var blockScope = NewDisposeScope();
            var (bases, gauss) = pairs.Write(blocks.Buffer(0, block), blocks.Buffer(1, block), block);
            var byDistance = gauss.mul_(Upstream(0)).div_(squaredBandwidth.Times(-2));
            var byDot =
                bases.pow_(Scalars.Of(polynomial.Degree - 1)).mul_(Upstream(1))
                .mul_(Scalars.Of(polynomial.Degree * polynomial.Gamma / polynomial.Scale));
            if (plan.ExcludeSelf)
            {
                byDistance.diagonal(block.Start).fill_(Scalars.Zero);
                byDot.diagonal(block.Start).fill_(Scalars.Zero);
            }

            // d² = |x|² + |y|² - 2 <x, y>
            var rows = x.narrow(0, block.Start, block.Length);
            var rowSums = byDistance.sum(dim: 1, keepdim: true);
            columnSums.AddInPlace(byDistance.sum(dim: 0).unsqueeze(1));
            byDot.sub_(byDistance.mul_(Scalars.Of(2)));
            gx.narrow(0, block.Start, block.Length).addmm_(byDot, pairs.Y, 0, 1).addcmul_(rowSums, rows, Scalars.Of(2));
            gy?.addmm_(byDot.t(), rows);

            Tensor Upstream(int kernel) =>
                blocks.Buffer(2, block).copy_(columnGradient[kernel]).AddInPlace(rowGradient[kernel].narrow(0, block.Start, block.Length));
        }

        gy?.addcmul_(columnSums, y!, Scalars.Of(2));
        return [gx.MoveToOuterDisposeScope(), gy?.MoveToOuterDisposeScope()!, null!, null!];
    }

    private sealed class Pairs(Tensor x, Tensor y, Tensor squaredBandwidth, Plan plan)
    {
        private readonly Tensor _xSquares = x.Squared().sum(dim: 1, keepdim: true);
        private readonly Tensor _ySquares = y.Squared().sum(dim: 1);
        private readonly Tensor _yt = y.t();

        public Tensor Y => y;

        /// <summary>Writes gamma &lt;x, y&gt; + offset and the Gaussian kernel of a block of rows.</summary>
        public (Tensor Bases, Tensor Gauss) Write(Tensor bases, Tensor gauss, RowBlock block)
        {
            bases.addmm_(x.narrow(0, block.Start, block.Length), _yt, 0, 1);
            gauss.copy_(bases).mul_(Scalars.Of(-2)).AddInPlace(_xSquares.narrow(0, block.Start, block.Length)).AddInPlace(_ySquares).clamp_min_(Scalars.Zero)
                .div_(squaredBandwidth.Times(-2)).exp_();
            bases.mul_(Scalars.Of(plan.Polynomial.Gamma)).AddInPlace(plan.Polynomial.Offset);
            return (bases, gauss);
        }
    }
}
