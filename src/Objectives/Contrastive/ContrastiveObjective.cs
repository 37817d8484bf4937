using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Options;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// The symmetric contrastive loss of CLIP on the matched pairs (equation 1 of Gentle-CLIP), whose weight is alpha there. In the history as
/// <c>contrastive</c>; see docs/objectives/contrastive.md.
/// </summary>
public sealed record ContrastiveObjective : Objective
{
    private readonly UnpairedSides? _unpairedNegatives;

    /// <summary>Creates the objective with a weight of 1.</summary>
    public ContrastiveObjective()
        : base("contrastive")
    {
    }

    /// <summary>
    /// Modalities whose unpaired samples are further negatives of the pairs, as in S-CLIP beside its pseudo-labels (<see cref="PseudoLabelObjective"/>);
    /// null (default): none.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public UnpairedSides? UnpairedNegatives
    {
        get => _unpairedNegatives;
        init => _unpairedNegatives = value is { } sides ? Check.Defined(sides, nameof(UnpairedNegatives)) : null;
    }

    /// <inheritdoc/>
    public override ObjectiveNeeds Needs => UnpairedNegatives is null ? ObjectiveNeeds.PairsOnly : new() { UnpairedSamples = true, Pairs = true };

    /// <inheritdoc/>
    public override Objective? OnPairsOnly() => this with { UnpairedNegatives = null };

    internal override object? Prepare(ObjectiveBatch batch, PairStatistics pairs)
    {
        if (UnpairedNegatives is not null || batch.NumberOfPairs < 2)
            return null;
        var scale = batch.LogScale.exp();
        return pairs.Add(new LogSumExpRequest(PairMatrix.AB, Affinity.Dot, scale, scale, Leading: batch.NumberOfPairs));
    }

    /// <inheritdoc/>
    public override Tensor Compute(ObjectiveBatch batch)
    {
        var (u, v) = (batch.PairedA, batch.PairedB);
        return UnpairedNegatives switch
        {
            null => ContrastiveLoss.Compute(
                u, v, batch.LogScale, batch.BlockSize, batch.Prepared is PairResult { IsThere: true } logSums ? logSums.Value : null),
            UnpairedSides.A => FromA(),
            UnpairedSides.B => FromB(),
            _ => FromA().Plus(FromB()).Over(2),
        };

        Tensor FromA() => PseudoLabelLoss.Supervised(u, v, batch.UnpairedA, batch.LogScale, batch.BlockSize);
        Tensor FromB() => PseudoLabelLoss.Supervised(v, u, batch.UnpairedB, batch.LogScale, batch.BlockSize);
    }
}
