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

    /// <summary>The symmetric sum over densities that are not normalised, divided by the set's squared range, as in the authors' code.</summary>
    RawSymmetric,
}
