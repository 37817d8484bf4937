namespace Microsoft.ML.GentleClip;

/// <summary>How SDD compares the two density profiles of a set.</summary>
public enum SddDivergence
{
    /// <summary>Kullback-Leibler divergence of the normalised profiles (equation 4).</summary>
    KullbackLeibler,

    /// <summary>Batch size times the sum of squared differences of the normalised profiles.</summary>
    MeanSquaredError,

    /// <summary>Mean squared difference of the densities of equation 5, not normalised.</summary>
    RawMeanSquaredError,

    /// <summary>
    /// Sum of (p - q) (log p - log q) of the densities of equation 5, not normalised, divided by the set's squared range summed over dimensions: what the
    /// authors' code does. Its bandwidth of 0.5 is 1 here (it divides by 4 b²).
    /// </summary>
    RawSymmetric,
}
