using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// The softmax-weighted distance of the paper's section 4.5: exponent e_ij becomes w_ij e_ij with
/// w_ij = N softmax_j(sharpness e_ij), N the number of columns compared. Sharpness 0 leaves the exponents as they are.
/// </summary>
internal static class Tempering
{
    /// <summary>w for a block of exponents whose excluded entries hold <see cref="Pairwise.Excluded"/> times a scale.</summary>
    public static Tensor Weights(Tensor exponents, double sharpness, AffinityBlocks affinities, long start) =>
        (exponents * sharpness).softmax(1).mul_(affinities.Counts(exponents, start));

    /// <summary>Gradient of the block's row log-sum-exps, weighted by <paramref name="rowGradient"/>, with respect to the exponents; through the weights too.</summary>
    public static Tensor Backward(Tensor exponents, double sharpness, AffinityBlocks affinities, long start, Tensor rowSums, Tensor rowGradient)
    {
        var weights = Weights(exponents, sharpness, affinities, start);
        var tempered = affinities.Mask(weights * exponents, start);
        var shares = tempered.sub(rowSums).exp_().mul_(rowGradient);
        var pull = (shares * tempered).sum(dim: 1, keepdim: true).mul_(sharpness).div_(affinities.Counts(exponents, start));
        return exponents.mul_(sharpness).add_(1).mul_(shares).sub_(pull).mul_(weights);
    }
}
