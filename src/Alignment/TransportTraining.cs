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
        var (embeddedA, embeddedB) = (Embed(start.A, a.Pool), Embed(start.B, b.Pool));
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
            (embeddedA, embeddedB) = (maps.EmbedA(a), maps.EmbedB(b));
            maps.MoveToOuterDisposeScope();
            embeddedA.MoveToOuterDisposeScope();
            embeddedB.MoveToOuterDisposeScope();
            round?.Invoke();
        }
        return new Recipe(Map(a, maps!.Linear.A, maps.LinearBiasA, maps.Kernel.A, maps.KernelBiasA), Map(b, maps.Linear.B, maps.LinearBiasB, maps.Kernel.B, maps.KernelBiasB))
            .MoveToOuterDisposeScope();
    }

    private Tensor Embed(RecipeMap map, Tensor pool) => Rows.InBlocks(pool, settings.BlockSize, map.Apply, cancellationToken);

    private Maps? Refit(TransportSide a, TransportSide b, TransportPlan plan, double ridge)
    {
        using var scope = NewDisposeScope();
        var pairWeight = (1 - settings.Transport.PlanWeight) / a.Pairs.size(0);
        // What the plan carries of B's rows to A's: the linear and the kernel part in one product.
        var (meanA, meanB) = (Mean(a.Pairs, a.Pool, plan.RowSums, pairWeight), Mean(b.Pairs, b.Pool, plan.ColumnSums, pairWeight));
        var (kernelMeanA, kernelMeanB) = (Mean(a.PairFeatures, a.PoolFeatures, plan.RowSums, pairWeight), Mean(b.PairFeatures, b.PoolFeatures, plan.ColumnSums, pairWeight));
        var (poolB, featuresB) = (b.Pool - meanB, b.PoolFeatures - kernelMeanB);
        var carried = plan.Times(cat([poolB, featuresB], 1));
        var width = poolB.size(1);
        var linear = settings.LinearWeight > 0
            ? Fit(a.Pairs - meanA, b.Pairs - meanB, a.Pool - meanA, poolB, carried.narrow(1, 0, width), plan, pairWeight, ridge)
            : new MomentCca(meanA.new_zeros([meanA.size(0), 0]), meanB.new_zeros([width, 0]));
        var kernel = Fit(a.PairFeatures - kernelMeanA, b.PairFeatures - kernelMeanB, a.PoolFeatures - kernelMeanA, featuresB, carried.narrow(1, width, featuresB.size(1)), plan, pairWeight, ridge);
        if (linear.A.size(1) + kernel.A.size(1) == 0)
            return null;
        return new Maps(linear, meanA.matmul(linear.A), meanB.matmul(linear.B), kernel, kernelMeanA.matmul(kernel.A), kernelMeanB.matmul(kernel.B)).MoveToOuterDisposeScope();
    }

    private MomentCca Fit(Tensor pairsA, Tensor pairsB, Tensor poolA, Tensor poolB, Tensor carried, TransportPlan plan, double pairWeight, double ridge)
    {
        Tensor Covariance(Tensor pairs, Tensor pool, Tensor weights)
        {
            var weighted = pool * weights.unsqueeze(1);
            return pairs.t().matmul(pairs).Times(pairWeight).AddInPlace(pool.t().matmul(weighted));
        }
        var cross = pairsA.t().matmul(pairsB).Times(pairWeight).AddInPlace(poolA.t().matmul(carried));
        return MomentCca.Fit(Covariance(pairsA, poolA, plan.RowSums), Covariance(pairsB, poolB, plan.ColumnSums), cross, ridge, settings.Power);
    }

    private static Tensor Mean(Tensor pairs, Tensor pool, Tensor weights, double pairWeight) => pairs.sum(dim: 0).Times(pairWeight).AddInPlace(weights.matmul(pool));

    private RecipeMap Map(TransportSide side, Tensor linear, Tensor linearBias, Tensor kernel, Tensor kernelBias) => new(
        linear, linearBias, side.Anchors.clone(), side.Expansion.matmul(kernel), kernelBias, side.Bandwidth, Math.Sign(settings.LinearWeight), Math.Sign(settings.KernelWeight));

    private sealed record Maps(MomentCca Linear, Tensor LinearBiasA, Tensor LinearBiasB, MomentCca Kernel, Tensor KernelBiasA, Tensor KernelBiasB)
    {
        public Tensor EmbedA(TransportSide side) => Embed(side, Linear.A, LinearBiasA, Kernel.A, KernelBiasA);

        public Tensor EmbedB(TransportSide side) => Embed(side, Linear.B, LinearBiasB, Kernel.B, KernelBiasB);

        public Maps MoveToOuterDisposeScope()
        {
            foreach (var tensor in new[] { Linear.A, Linear.B, LinearBiasA, LinearBiasB, Kernel.A, Kernel.B, KernelBiasA, KernelBiasB })
                tensor.MoveToOuterDisposeScope();
            return this;
        }

        private static Tensor Embed(TransportSide side, Tensor linear, Tensor linearBias, Tensor kernel, Tensor kernelBias)
        {
            using var scope = NewDisposeScope();
            return Rows.Unit(cat([Rows.Unit(side.Pool.matmul(linear) - linearBias), Rows.Unit(side.PoolFeatures.matmul(kernel) - kernelBias)], 1)).MoveToOuterDisposeScope();
        }
    }
}
