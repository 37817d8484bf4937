using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// Transport self-training T: a few times, the entropic transport plan between the unpaired rows of both sides joins the pairs as soft matches of
/// every row with every row, and the maps are fitted anew; regularisation and ridge fall from round to round.
/// </summary>
/// <param name="settings">All settings of the alignment.</param>
/// <param name="round">Told after each round.</param>
/// <param name="cancellationToken">Stops within rounds.</param>
internal sealed class TransportTraining(AlignmentSettings settings, Action? round = null, CancellationToken cancellationToken = default)
{
    /// <summary>The maps after so many rounds, of equal weight for the linear and the kernel part; null where the rounds find no relation.</summary>
    /// <param name="a">Side A, its pairs in the order of B's.</param>
    /// <param name="b">Side B.</param>
    /// <param name="start">Embeds the unpaired rows of the first round.</param>
    /// <param name="rounds">1 or more.</param>
    public Recipe? Run(TransportSide a, TransportSide b, Recipe start, int rounds)
    {
        using var scope = NewDisposeScope();
        var type = TransportPlan.TypeOf(a.Pool.size(0), b.Pool.size(0), settings.Transport);
        var (embeddedA, embeddedB) = (Embed(start.A, a.Pool, type), Embed(start.B, b.Pool, type));
        Maps? maps = null;
        for (var number = 0; number < rounds; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            var part = rounds == 1 ? 1 : number / (rounds - 1d);
            var transport = settings.Transport;
            var regularization = transport.FirstRegularization * Math.Pow(transport.LastRegularization / transport.FirstRegularization, part);
            var plan = TransportPlan.Between(embeddedA, embeddedB, regularization, transport, transport.PlanWeight, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            maps = Refit(a, b, plan, settings.Ridge * Math.Pow(transport.LastRidge, part));
            if (maps is null)
                return null;
            (embeddedA, embeddedB) = (maps.EmbedA(a, type), maps.EmbedB(b, type));
            maps.MoveToOuterDisposeScope();
            embeddedA.MoveToOuterDisposeScope();
            embeddedB.MoveToOuterDisposeScope();
            round?.Invoke();
        }
        return new Recipe(
            Map(a, maps!.Linear.A, maps.LinearBiasA, maps.Kernel.A, maps.KernelBiasA), Map(b, maps.Linear.B, maps.LinearBiasB, maps.Kernel.B, maps.KernelBiasB))
            .MoveToOuterDisposeScope();
    }

    private Tensor Embed(RecipeMap map, Tensor pool, ScalarType type) =>
        Rows.InBlocks(pool, TransportSide.BlockSize, block => map.Apply(block).to(type), cancellationToken);

    private Maps? Refit(TransportSide a, TransportSide b, TransportPlan plan, double ridge)
    {
        using var scope = NewDisposeScope();
        var pairWeight = (1 - settings.Transport.PlanWeight) / a.Pairs.size(0);
        var (linearA, linearB) = (Moments.Of(a.Pairs, a.Pool, plan.RowSums, pairWeight), Moments.Of(b.Pairs, b.Pool, plan.ColumnSums, pairWeight));
        var kernelA = Moments.Of(a.PairFeatures, a.PoolFeatures, plan.RowSums, pairWeight);
        var kernelB = Moments.Of(b.PairFeatures, b.PoolFeatures, plan.ColumnSums, pairWeight);
        // Sums over pairs and plan of a b', centred at the end: the weights of either side sum to 1.
        var (linearCross, kernelCross) = (a.Pairs.t().matmul(b.Pairs).Times(pairWeight), a.PairFeatures.t().matmul(b.PairFeatures).Times(pairWeight));
        plan.AddMoments([(a.Pool, b.Pool, linearCross), (a.PoolFeatures, b.PoolFeatures, kernelCross)], cancellationToken);
        var linear = settings.LinearWeight > 0
            ? Fit(linearA, linearB, linearCross, ridge)
            : new MomentCca(a.Pairs.new_zeros([a.Pairs.size(1), 0]), b.Pairs.new_zeros([b.Pairs.size(1), 0]));
        var kernel = Fit(kernelA, kernelB, kernelCross, ridge);
        if (linear.A.size(1) + kernel.A.size(1) == 0)
            return null;
        return new Maps(
            linear, linearA.Mean.matmul(linear.A), linearB.Mean.matmul(linear.B),
            kernel, kernelA.Mean.matmul(kernel.A), kernelB.Mean.matmul(kernel.B)).MoveToOuterDisposeScope();
    }

    private MomentCca Fit(Moments a, Moments b, Tensor cross, double ridge) =>
        MomentCca.Fit(a.Covariance, b.Covariance, cross - a.Mean.outer(b.Mean), ridge, settings.Power);

    // Weighted mean and covariance of a side's rows, whose weights sum to 1.
    private readonly record struct Moments(Tensor Mean, Tensor Covariance)
    {
        public static Moments Of(Tensor pairs, Tensor pool, Tensor weights, double pairWeight)
        {
            var mean = pairs.sum(dim: 0).Times(pairWeight).AddInPlace(weights.matmul(pool));
            var second = pairs.t().matmul(pairs).Times(pairWeight);
            foreach (var (start, length) in Rows.Blocks(pool.size(0), 1, TransportSide.BlockSize))
            {
                using var step = NewDisposeScope();
                var block = pool.narrow(0, start, length);
                second.addmm_(block.t(), block * weights.narrow(0, start, length).unsqueeze(1));
            }
            return new Moments(mean, second - mean.outer(mean));
        }
    }

    private RecipeMap Map(TransportSide side, Tensor linear, Tensor linearBias, Tensor kernel, Tensor kernelBias) => new(
        linear, linearBias, side.Anchors.clone(), side.Expansion.matmul(kernel), kernelBias, side.Bandwidth,
        Math.Sign(settings.LinearWeight), Math.Sign(settings.KernelWeight));

    private sealed record Maps(MomentCca Linear, Tensor LinearBiasA, Tensor LinearBiasB, MomentCca Kernel, Tensor KernelBiasA, Tensor KernelBiasB)
    {
        public Tensor EmbedA(TransportSide side, ScalarType type) => Embed(side, Linear.A, LinearBiasA, Kernel.A, KernelBiasA, type);

        public Tensor EmbedB(TransportSide side, ScalarType type) => Embed(side, Linear.B, LinearBiasB, Kernel.B, KernelBiasB, type);

        public Maps MoveToOuterDisposeScope()
        {
            foreach (var tensor in new[] { Linear.A, Linear.B, LinearBiasA, LinearBiasB, Kernel.A, Kernel.B, KernelBiasA, KernelBiasB })
                tensor.MoveToOuterDisposeScope();
            return this;
        }

        private static Tensor Embed(TransportSide side, Tensor linear, Tensor linearBias, Tensor kernel, Tensor kernelBias, ScalarType type)
        {
            var embeddings = empty([side.Pool.size(0), linear.size(1) + kernel.size(1)], type, side.Pool.device);
            foreach (var (start, length) in Rows.Blocks(side.Pool.size(0), 1, TransportSide.BlockSize))
            {
                using var step = NewDisposeScope();
                var unit = Rows.Unit(side.Pool.narrow(0, start, length).matmul(linear) - linearBias);
                var unitKernel = Rows.Unit(side.PoolFeatures.narrow(0, start, length).matmul(kernel) - kernelBias);
                embeddings.narrow(0, start, length).copy_(Rows.Unit(cat([unit, unitKernel], 1)));
            }
            return embeddings;
        }
    }
}
