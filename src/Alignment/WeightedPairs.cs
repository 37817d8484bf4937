using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>Prepared pairs in float64 and the kernels' bandwidths.</summary>
/// <param name="A">`[n, componentsA]`.</param>
/// <param name="B">`[n, componentsB]`; row i belongs to row i of A.</param>
/// <param name="Weights">`[n]`, of sum 1.</param>
/// <param name="BandwidthA">Of side A's kernel.</param>
/// <param name="BandwidthB">Of side B's kernel.</param>
internal sealed record WeightedPairs(Tensor A, Tensor B, Tensor Weights, double BandwidthA, double BandwidthB)
{
    public long Count => A.size(0);

    /// <summary>Pairs of equal weight.</summary>
    public static WeightedPairs Equal(Tensor a, Tensor b, double bandwidthA, double bandwidthB) =>
        new(a, b, full(a.size(0), Scalars.Of(1d / a.size(0)), ScalarType.Float64, a.device), bandwidthA, bandwidthB);

    /// <summary>Some of the pairs, of equal weight.</summary>
    public WeightedPairs Pick(long[] numbers) => Equal(Rows.Pick(A, numbers), Rows.Pick(B, numbers), BandwidthA, BandwidthB);
}
