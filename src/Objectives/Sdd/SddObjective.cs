using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// The semantic density distribution loss (equations 3 to 6 of Gentle-CLIP), whose weight is eta there. The weight has a meaning only together with
/// <see cref="Bandwidth"/>: for the same gradient 1 at b = 0.5 corresponds to about 44 at b = 1. In the history as <c>sdd</c>; see docs/objectives/sdd.md.
/// </summary>
public sealed record SddObjective : Objective
{
    private readonly double _bandwidth = 0.5;
    private readonly SddDivergence _divergence = SddDivergence.KullbackLeibler;
    private readonly SddVariance _variance = SddVariance.Own;
    private readonly double _varianceFloor = 0.01;
    private readonly double? _distanceTemperature;

    /// <summary>Creates the objective with a weight of 1.</summary>
    public SddObjective()
        : base("sdd")
    {
    }

    /// <summary>Bandwidth b of the densities (equation 5), above 0; 0.5 to 1 is sensible, 0.3 and less can destroy the model. Default 0.5.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double Bandwidth
    {
        get => _bandwidth;
        init => _bandwidth = Check.Positive(value, nameof(Bandwidth));
    }

    /// <summary>How density profiles are compared (equation 4). Default <see cref="SddDivergence.KullbackLeibler"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a divergence.</exception>
    public SddDivergence Divergence
    {
        get => _divergence;
        init => _divergence = Check.Defined(value, nameof(Divergence));
    }

    /// <summary>What squared distances are divided by (equations 5 and 6). Default <see cref="SddVariance.Own"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public SddVariance Variance
    {
        get => _variance;
        init => _variance = Check.Defined(value, nameof(Variance));
    }

    /// <summary>Smallest variance, above 0; embeddings have unit length, so a tiny one guards against nothing. Default 0.01.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double VarianceFloor
    {
        get => _varianceFloor;
        init => _varianceFloor = Check.Positive(value, nameof(VarianceFloor));
    }

    /// <summary>
    /// Whether a sample is left out of its own set's density and its partner out of the other's; needed below a bandwidth of 0.7. Default true.
    /// </summary>
    public bool LeaveOneOut { get; init; } = true;

    /// <summary>
    /// Temperature T of the softmax that reweighs distances, section 4.5 of the paper: d'_ij = B softmax_j(-d_ij / T) d_ij, gradient through both. Small:
    /// near samples decide the density. Null (default) is the printed form, to which it tends for a large T.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double? DistanceTemperature
    {
        get => _distanceTemperature;
        init => _distanceTemperature = value is { } temperature ? Check.Positive(temperature, nameof(DistanceTemperature)) : null;
    }

    /// <inheritdoc/>
    public override ObjectiveNeeds Needs { get; } = new() { UnpairedSamples = true };

    /// <summary>Stops gradients through the variance. Not recommended: the loss then no longer sees a set's overall scale.</summary>
    internal bool DetachVariance { get; init; }

    /// <inheritdoc/>
    public override Tensor Compute(ObjectiveBatch batch) => SddLoss.Compute(batch.EmbeddingsA, batch.EmbeddingsB, this, batch.NumberOfPairs, batch.BlockSize);
}
