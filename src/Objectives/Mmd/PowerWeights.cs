using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// Kernel weights that maximise the ratio of the discrepancy to its standard deviation (Gretton et al. 2012, Long et al. 2015),
/// in closed form for two kernels, from running means of the discrepancies eta and their covariance Q.
/// </summary>
internal static class PowerWeights
{
    private const double Ridge = 1e-3;
    private const double RoundingNoise = 1e-8; // kernels are of the order of 1

    /// <summary>State `[6]`: eta of both kernels, Q's three entries, and whether they have been seen (1) or not (0).</summary>
    public static Tensor NewStatistics() => zeros(6, ScalarType.Float64);

    /// <summary>Takes one batch, in place; both sets have the same number of rows, at least two.</summary>
    public static void Update(Tensor statistics, Tensor u, Tensor v, Tensor squaredBandwidth, PolynomialKernel polynomial, double decay)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var n = u.size(0);
        var cross = KernelSums.Matrices(u, v, squaredBandwidth, polynomial);
        var h = KernelSums.Matrices(u, u, squaredBandwidth, polynomial).Plus(KernelSums.Matrices(v, v, squaredBandwidth, polynomial))
            - cross - cross.transpose(1, 2);
        var means = (h.sum(dim: 2) - h.diagonal(0, 1, 2)).Over(n - 1).to(statistics.dtype); // [2, n], without i = j
        var eta = means.mean([1], keepdim: true);
        var q = (means - eta).matmul((means - eta).t()).Times(4.0 / n);
        var now = cat([eta.squeeze(1), stack([q[0, 0], q[0, 1], q[1, 1]]), ones(1, statistics.dtype, statistics.device)], 0);
        var past = statistics[5].item<double>() == 0 ? 0 : decay;
        statistics.mul_(Scalars.Of(past)).AddInPlace(now.Times(1 - past));
    }

    /// <summary>Weight of the first kernel; the second has the rest.</summary>
    public static double GaussianWeight(Tensor statistics)
    {
        using var scope = NewDisposeScope();
        var s = statistics.to(ScalarType.Float64).cpu().data<double>().ToArray();
        if (Math.Max(s[0], s[1]) <= RoundingNoise)
            return 0.5; // no kernel sees a difference
        var ridge = Ridge * (s[2] + s[4]) / 2 + 1e-12;
        var (q00, q01, q11) = (s[2] + ridge, s[3], s[4] + ridge);
        // The direction of Q^-1 eta; Q is positive definite.
        var (first, second) = (q11 * s[0] - q01 * s[1], q00 * s[1] - q01 * s[0]);
        return first > 0 && second > 0 ? first / (first + second) : s[0] / Math.Sqrt(q00) > s[1] / Math.Sqrt(q11) ? 1 : 0;
    }
}
