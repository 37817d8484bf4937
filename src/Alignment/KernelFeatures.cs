using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// Kernel principal components of rows under the Gaussian kernel, spanned by anchors. Up to a constant row, the features are k(x, anchors) E.
/// </summary>
/// <param name="Features">Of the rows that were fitted `[n, components]`.</param>
/// <param name="Anchors">`[anchors, dim]`.</param>
/// <param name="Expansion">E `[anchors, components]`.</param>
internal sealed record KernelFeatures(Tensor Features, Tensor Anchors, Tensor Expansion)
{
    /// <summary>Smallest eigenvalue of the components that the recipe keeps, as a share of the largest.</summary>
    public const double SmallestEigenvalue = 1e-6;

    private const double SmallestVariance = 1e-12;

    /// <summary>
    /// About the number of components that there would be with every row as anchor. A subset spans fewer, whose mean variance is higher: a ridge in
    /// units of it would be too strong, and with half of the rows as anchors cost up to 3 points of R@1.
    /// </summary>
    public double FullRank => Features.size(1) * (double)Features.size(0) / Math.Max(1, Anchors.size(0));

    /// <summary>Features of rows.</summary>
    /// <param name="rows">`[n, dim]`, float64.</param>
    /// <param name="anchors">Numbers of the rows that are anchors; null for all.</param>
    /// <param name="bandwidth">Of the kernel.</param>
    /// <param name="use">Whether there are to be any features.</param>
    public static KernelFeatures Of(Tensor rows, long[]? anchors, double bandwidth, bool use)
    {
        var chosen = Rows.Pick(rows, use ? anchors : []);
        if (!use)
            return new KernelFeatures(rows.narrow(1, 0, 0), chosen, rows.new_zeros([0, 0]));
        var kernel = Rows.Gaussian(chosen, chosen, bandwidth);
        var expansion = Expand(kernel, SmallestEigenvalue);
        return new KernelFeatures((anchors is null ? kernel : Rows.Gaussian(rows, chosen, bandwidth)).matmul(expansion), chosen, expansion);
    }

    /// <summary>
    /// E of the anchors' kernel with one another. Its columns are orthogonal to the constant vector: centring k(x, .) over the anchors would shift all
    /// features by one row, which goes where the features are centred.
    /// </summary>
    /// <param name="kernel">`[anchors, anchors]`.</param>
    /// <param name="smallestEigenvalue">Share of the largest eigenvalue above which components are kept.</param>
    public static Tensor Expand(Tensor kernel, double smallestEigenvalue)
    {
        using var scope = NewDisposeScope();
        var means = kernel.mean([0]);
        var (values, vectors) = linalg.eigh((kernel - means - means.unsqueeze(1)).Plus(means.mean()));
        var smallest = Math.Max(smallestEigenvalue * values[^1].item<double>(), SmallestVariance);
        var kept = values.gt(Scalars.Of(smallest)).sum(ScalarType.Int64).item<long>();
        var first = values.size(0) - kept;
        return (vectors.narrow(1, first, kept) / values.narrow(0, first, kept).sqrt()).MoveToOuterDisposeScope();
    }
}
