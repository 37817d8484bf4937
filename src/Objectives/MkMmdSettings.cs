namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>The polynomial kernel (gamma &lt;x, y&gt; + offset)^degree / scale. The defaults give k(x, x) = 1 on unit vectors.</summary>
/// <param name="Degree">Positive.</param>
/// <param name="Gamma">Factor of the inner product.</param>
/// <param name="Offset">c; above zero, or degree 2 no longer sees a difference of means.</param>
/// <param name="Scale">Divisor; 1 for the textbook kernel.</param>
internal sealed record PolynomialKernel(int Degree = 2, double Gamma = 1, double Offset = 1, double Scale = 4);

/// <summary>Who chooses the kernels' weights (beta of equation 2).</summary>
internal enum KernelWeighting
{
    /// <summary>The settings. As good as any in our measurements.</summary>
    Fixed,

    /// <summary>
    /// A parameter: softmax weights that training moves towards the kernel that tells the modalities apart best (their gradient
    /// is reversed). Minimised together with the towers, free weights diverge or vanish and softmax weights seek the weakest kernel.
    /// </summary>
    Learnable,

    /// <summary>The weights of the most powerful two-sample test, in closed form, from running means.</summary>
    Power,
}

/// <summary>How <see cref="MkMmdLoss"/> is computed.</summary>
internal sealed record MkMmdSettings
{
    /// <summary>bandwidth² of the Gaussian kernel; null takes half the median squared distance of the pooled batch.</summary>
    public double? SquaredBandwidth { get; init; }

    /// <summary>The second kernel.</summary>
    public PolynomialKernel Polynomial { get; init; } = new();

    /// <summary>Who chooses the weights.</summary>
    public KernelWeighting Weighting { get; init; } = KernelWeighting.Fixed;

    /// <summary>Weight of the Gaussian kernel, the polynomial one has the rest; the starting point where weights are learnable.</summary>
    public double GaussianWeight { get; init; } = 0.5;

    /// <summary>Share of the past in the running means of power weights.</summary>
    public double PowerDecay { get; init; } = 0.9;

    /// <summary>Leaves a sample's kernel with itself out. The biased form is equation 2 and never negative; the unbiased one is for reporting.</summary>
    public bool Unbiased { get; init; }
}
