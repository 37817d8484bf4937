namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>The polynomial kernel (gamma &lt;x, y&gt; + offset)^degree / scale. The defaults give k(x, x) = 1 on unit vectors.</summary>
/// <param name="Degree">Positive.</param>
/// <param name="Gamma">Factor of the inner product.</param>
/// <param name="Offset">c; above zero, or degree 2 no longer sees a difference of means.</param>
/// <param name="Scale">Divisor; 1 for the textbook kernel.</param>
internal sealed record PolynomialKernel(int Degree = 2, double Gamma = 1, double Offset = 1, double Scale = 4);

/// <summary>How <see cref="MkMmdLoss"/> is computed.</summary>
internal sealed record MkMmdSettings
{
    /// <summary>bandwidth² of the Gaussian kernel; null takes half the median squared distance of the pooled batch.</summary>
    public double? SquaredBandwidth { get; init; }

    /// <summary>The second kernel.</summary>
    public PolynomialKernel Polynomial { get; init; } = new();

    /// <summary>Weight of the Gaussian kernel; the polynomial one has the rest.</summary>
    public double GaussianWeight { get; init; } = 0.5;

    /// <summary>Leaves a sample's kernel with itself out. The biased form is equation 2 and never negative; the unbiased one is for reporting.</summary>
    public bool Unbiased { get; init; }
}
