using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>The recipe R: ridge canonical correlation of the prepared pairs (linear part) and of their kernel principal components (kernel part).</summary>
internal sealed record Recipe(RecipeMap A, RecipeMap B)
{
    /// <summary>Fits both sides; null where the pairs hold no relation: one side is the same in all, or the sides do not vary together.</summary>
    /// <param name="pairs">Prepared pairs.</param>
    /// <param name="anchors">Numbers of the pairs that are kernel anchors; null for all.</param>
    /// <param name="settings">Ridge, power and the parts' weights.</param>
    public static Recipe? Fit(WeightedPairs pairs, long[]? anchors, AlignmentSettings settings)
    {
        using var scope = NewDisposeScope();
        // A part without weight has no features.
        var (linearA, linearB) = settings.LinearWeight > 0 ? (pairs.A, pairs.B) : (pairs.A.narrow(1, 0, 0), pairs.B.narrow(1, 0, 0));
        var linear = RidgeCca.Fit(linearA, linearB, pairs.Weights, settings);
        var kernelA = KernelFeatures.Of(pairs.A, anchors, pairs.BandwidthA, settings.KernelWeight > 0);
        var kernelB = KernelFeatures.Of(pairs.B, anchors, pairs.BandwidthB, settings.KernelWeight > 0);
        var kernel = RidgeCca.Fit(kernelA.Features, kernelB.Features, pairs.Weights, settings, kernelA.FullRank, kernelB.FullRank);
        if (linear.MapA.size(1) + kernel.MapA.size(1) == 0)
            return null;
        var recipe = new Recipe(
            new RecipeMap(Wide(linear.MapA, pairs.A), linear.BiasA, kernelA.Anchors, kernelA.Expansion.matmul(kernel.MapA), kernel.BiasA, pairs.BandwidthA,
                settings.LinearWeight, settings.KernelWeight),
            new RecipeMap(Wide(linear.MapB, pairs.B), linear.BiasB, kernelB.Anchors, kernelB.Expansion.matmul(kernel.MapB), kernel.BiasB, pairs.BandwidthB,
                settings.LinearWeight, settings.KernelWeight));
        return recipe.MoveToOuterDisposeScope();
    }

    /// <summary>Moves the maps out of the dispose scope that is open.</summary>
    public Recipe MoveToOuterDisposeScope()
    {
        foreach (var map in A.Tensors.Concat(B.Tensors))
            map.MoveToOuterDisposeScope();
        return this;
    }

    // The map of a part without features still takes prepared rows.
    private static Tensor Wide(Tensor map, Tensor rows) => map.size(0) == rows.size(1) ? map : rows.new_zeros([rows.size(1), map.size(1)]);
}
