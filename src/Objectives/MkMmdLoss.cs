using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// Multi-kernel maximum mean discrepancy between the two modalities' embeddings (the paper's equation 2):
/// a weighted sum of the squared distances between the kernel means, for a Gaussian and a polynomial kernel.
/// </summary>
internal sealed class MkMmdLoss(MkMmdSettings settings, int blockSize = Pairwise.DefaultBlockSize)
{
    private const int RowsForMedian = 512;
    private const double SmallestSquaredBandwidth = 1e-4;

    /// <summary>Scalar loss; zero with a graph where a side has no rows (unbiased: fewer than two).</summary>
    /// <param name="u">Embeddings `[n, dim]`.</param>
    /// <param name="v">Embeddings `[m, dim]`; m may differ from n.</param>
    public Tensor Compute(Tensor u, Tensor v)
    {
        using var scope = NewDisposeScope();
        var weights = tensor(new[] { settings.GaussianWeight, 1 - settings.GaussianWeight }, u.dtype, u.device);
        return Compute(u, v, weights).MoveToOuterDisposeScope();
    }

    /// <summary>As <see cref="Compute(Tensor, Tensor)"/> with given kernel weights `[2]`, to which gradients flow.</summary>
    public Tensor Compute(Tensor u, Tensor v, Tensor weights)
    {
        if (Math.Min(u.size(0), v.size(0)) < (settings.Unbiased ? 2 : 1))
            return Pairwise.ZeroWithGraph(u, v, weights);
        using var scope = NewDisposeScope();
        return weights.dot(PerKernel(u, v)).MoveToOuterDisposeScope();
    }

    /// <summary>`[2]`: the squared discrepancy under each kernel.</summary>
    private Tensor PerKernel(Tensor u, Tensor v)
    {
        var (n, m) = (u.size(0), v.size(0));
        var bandwidth = settings.SquaredBandwidth is { } given ? tensor(given, u.dtype, u.device) : MedianBandwidth(u, v);
        var uu = KernelSums.Self(u, bandwidth, settings.Polynomial, settings.Unbiased, blockSize).sum(dim: 1);
        var vv = KernelSums.Self(v, bandwidth, settings.Polynomial, settings.Unbiased, blockSize).sum(dim: 1);
        var uv = KernelSums.Cross(u, v, bandwidth, settings.Polynomial, blockSize).Rows.sum(dim: 1);
        var own = settings.Unbiased ? 1 : 0;
        return uu / ((double)n * (n - own)) + vv / ((double)m * (m - own)) - uv * (2 / ((double)n * m));
    }

    /// <summary>Half the lower median of the pooled squared distances, without gradient, from evenly spaced rows where there are many.</summary>
    internal static Tensor MedianBandwidth(Tensor u, Tensor v)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var pooled = cat([u, v], 0);
        var stride = (pooled.size(0) + RowsForMedian - 1) / RowsForMedian;
        if (stride > 1)
            pooled = pooled.index_select(0, arange(0, pooled.size(0), stride, device: u.device));
        var pairs = triu_indices(pooled.size(0), pooled.size(0), 1, device: u.device);
        var distances = Pairwise.SquaredDistances(pooled, pooled).index([pairs[0], pairs[1]]);
        return (distances.median() / 2).clamp_min(SmallestSquaredBandwidth).MoveToOuterDisposeScope();
    }
}
