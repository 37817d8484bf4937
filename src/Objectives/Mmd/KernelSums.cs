using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// The Gaussian and the polynomial kernel between two small sets. Gauss: exp(-d² / (2 bandwidth²)). Polynomial: (gamma &lt;x, y&gt; + c)^degree / scale.
/// </summary>
internal static class KernelSums
{
    /// <summary>`[2, n, m]`: both kernel matrices.</summary>
    public static Tensor Matrices(Tensor x, Tensor y, Tensor squaredBandwidth, PolynomialKernel polynomial)
    {
        using var scope = NewDisposeScope();
        var dots = x.matmul(y.t());
        var distances = (x.Squared().sum(dim: 1, keepdim: true).Plus(y.Squared().sum(dim: 1)) - dots.Times(2)).clamp_min(Scalars.Zero);
        var gauss = (distances / squaredBandwidth.Times(-2)).exp();
        return stack([gauss, dots.Times(polynomial.Gamma).Plus(polynomial.Offset).pow(Scalars.Of(polynomial.Degree)).Over(polynomial.Scale)])
            .MoveToOuterDisposeScope();
    }
}
