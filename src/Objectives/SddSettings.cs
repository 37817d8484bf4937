namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>How the two density profiles of a set are compared.</summary>
internal enum DensityDivergence
{
    /// <summary>Kullback-Leibler divergence of the normalised profiles (equation 4).</summary>
    KullbackLeibler,

    /// <summary>Rows times the sum of squared differences of the normalised profiles.</summary>
    MeanSquaredError,

    /// <summary>Mean squared difference of the densities of equation 5, not normalised.</summary>
    RawMeanSquaredError,

    /// <summary>
    /// Sum of (p - q) (log p - log q) of the densities of equation 5, not normalised, divided by the set's squared range summed over
    /// dimensions: what the authors' code does. Its bandwidth of 0.5 is 1 here (it divides by 4 b²).
    /// </summary>
    RawSymmetric,
}

/// <summary>Whose variance makes a distance relative.</summary>
internal enum DensityVariance
{
    /// <summary>That of the set whose density is estimated (equation 5).</summary>
    Own,

    /// <summary>The mean of both sets' variances: no explosion when one set collapses.</summary>
    Pooled,

    /// <summary>None: absolute distances.</summary>
    None,
}

/// <summary>How <see cref="SddLoss"/> is computed. The weight of the loss only has meaning together with the bandwidth: gradients fall by a factor of about 40 from 0.5 to 1.</summary>
internal sealed record SddSettings
{
    /// <summary>b of equation 5. Sensible from 0.5 to 1; below 0.3 training breaks.</summary>
    public double Bandwidth { get; init; } = 0.5;

    /// <summary>How profiles are compared.</summary>
    public DensityDivergence Divergence { get; init; } = DensityDivergence.KullbackLeibler;

    /// <summary>What distances are divided by.</summary>
    public DensityVariance Variance { get; init; } = DensityVariance.Own;

    /// <summary>Smallest variance. For unit vectors at least 0.01: a tiny one guards against nothing but division by zero.</summary>
    public double VarianceFloor { get; init; } = 1e-2;

    /// <summary>Stops gradients through the variance. Not recommended: the loss then no longer sees a set's overall scale.</summary>
    public bool DetachVariance { get; init; }

    /// <summary>Leaves a sample out of its own set's density and its matched partner out of the other's. Needed for bandwidths below 0.7.</summary>
    public bool LeaveOneOut { get; init; } = true;

    /// <summary>
    /// T of the softmax-weighted distance (section 4.5): d'_ij = B softmax_j(-d_ij / T) d_ij on relative distances, gradient through both.
    /// Small: near samples decide the density. Null is the printed form, the limit of a large T.
    /// </summary>
    public double? DistanceTemperature { get; init; }
}
