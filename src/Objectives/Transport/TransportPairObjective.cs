using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Cross-modal pseudo-pairs: a transport plan between the unpaired samples of both modalities, from a moving average of the towers, is the soft target of
/// a contrastive loss. In the history as <c>transportPairs</c>; see docs/objectives/transport-pairs.md.
/// </summary>
public sealed record TransportPairObjective : Objective
{
    private readonly double _averageDecay = 0.99;

    /// <summary>Creates the objective with a weight of 0.3, which is cautious, behind the usual ramp; 1 gains more with long training and can hurt.</summary>
    public TransportPairObjective()
        : base("transportPairs") => (Weight, Ramp) = (0.3, new WeightRamp());

    /// <summary>Share of the past in the moving average of the towers, 0 to below 1. Default 0.99.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double AverageDecay
    {
        get => _averageDecay;
        init => _averageDecay = Check.InRangeExclusive(value, 0, 1, nameof(AverageDecay));
    }

    /// <inheritdoc/>
    public override ObjectiveNeeds Needs => new() { UnpairedSamples = true, AverageDecay = AverageDecay };

    /// <summary>Entropic regularisation of the cost 1 - cosine. Up to 0.02; larger ones blur the pairing.</summary>
    internal double Epsilon { get; init; } = 0.02;

    /// <summary>Updates of the plan.</summary>
    internal int Iterations { get; init; } = 20;

    /// <inheritdoc/>
    public override Tensor Compute(ObjectiveBatch batch) => TransportPairLoss.Compute(
        batch.UnpairedA, batch.UnpairedB, batch.Unpaired(batch.AveragedA), batch.Unpaired(batch.AveragedB), batch.LogScale, this);
}
