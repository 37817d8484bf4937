using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// The softmax-weighted distance of the paper's section 4.5, for row blocks: exponent e_ij becomes w_ij e_ij with
/// w_ij = N softmax_j(sharpness e_ij), N the number of columns compared. Sharpness 0 leaves the exponents as they are.
/// </summary>
internal static class Tempering
{
    /// <summary>Buffers of a block that <see cref="Backward"/> works in, besides the one of the exponents.</summary>
    public const int Buffers = 3;

    /// <summary>Turns a block of exponents into weighted ones, in place; <paramref name="weights"/> receives w.</summary>
    public static Tensor Apply(Tensor exponents, Tensor weights, double sharpness, AffinityBlocks affinities, RowBlock block)
    {
        weights.copy_(exponents).mul_(Scalars.Of(sharpness));
        weights.sub_(weights.amax([1], keepdim: true)).exp_();
        weights.mul_(affinities.Counts(block) / weights.sum(dim: 1, keepdim: true));
        return affinities.Mask(exponents.mul_(weights), block);
    }

    /// <summary>
    /// Turns a block of exponents into the gradient with respect to them of its row log-sum-exps, weighted by
    /// <paramref name="rowGradient"/>; through the weights too.
    /// </summary>
    public static Tensor Backward(
        Tensor exponents, double sharpness, AffinityBlocks affinities, RowBlocks blocks, int firstBuffer, RowBlock block, Tensor rowSums, Tensor rowGradient)
    {
        var (weights, tempered, shares) = (blocks.Buffer(firstBuffer, block), blocks.Buffer(firstBuffer + 1, block), blocks.Buffer(firstBuffer + 2, block));
        Apply(tempered.copy_(exponents), weights, sharpness, affinities, block);
        shares.copy_(tempered).sub_(rowSums).exp_().mul_(rowGradient);
        var pull = tempered.mul_(shares).sum(dim: 1, keepdim: true).mul_(Scalars.Of(sharpness)).div_(affinities.Counts(block));
        return exponents.mul_(Scalars.Of(sharpness)).AddInPlace(1).mul_(shares).sub_(pull).mul_(weights);
    }
}
