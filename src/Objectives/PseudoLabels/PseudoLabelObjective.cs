using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Options;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Caption-level pseudo-labels: an unpaired sample takes the partners of those pairs that resemble it within its modality (Hard-PL, Soft-PL, S-CLIP; Mo et
/// al. 2023). S-CLIP has unpaired samples as further negatives beside them: <see cref="ContrastiveObjective.UnpairedNegatives"/>. In the history as
/// <c>pseudoLabel</c>; see docs/objectives/pseudo-labels.md.
/// </summary>
public sealed record PseudoLabelObjective : Objective
{
    private readonly PseudoLabelKind _kind;
    private readonly UnpairedSides _sides = UnpairedSides.Both;

    /// <summary>Creates the objective with a weight of 0.3 behind the usual ramp: from 1 at once pseudo-labels hurt in our measurements.</summary>
    public PseudoLabelObjective()
        : base("pseudoLabel") => (Weight, Ramp) = (0.3, new WeightRamp());

    /// <summary>How unpaired samples get labels. Default <see cref="PseudoLabelKind.OptimalTransport"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a kind.</exception>
    public PseudoLabelKind Kind
    {
        get => _kind;
        init => _kind = Check.Defined(value, nameof(Kind));
    }

    /// <summary>Modalities whose unpaired samples get labels. Default <see cref="UnpairedSides.Both"/>; S-CLIP gives them to one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public UnpairedSides Sides
    {
        get => _sides;
        init => _sides = Check.Defined(value, nameof(Sides));
    }

    /// <inheritdoc/>
    public override ObjectiveNeeds Needs { get; } = new() { UnpairedSamples = true, Pairs = true };

    /// <summary>Updates of the transport plan.</summary>
    internal int Iterations { get; init; } = PseudoLabelLoss.UsualIterations;

    /// <inheritdoc/>
    public override Tensor Compute(ObjectiveBatch batch)
    {
        return Sides switch
        {
            UnpairedSides.A => FromA(),
            UnpairedSides.B => FromB(),
            _ => FromA().Plus(FromB()),
        };

        Tensor FromA() => From(batch.UnpairedA, batch.PairedA, batch.PairedB);
        Tensor FromB() => From(batch.UnpairedB, batch.PairedB, batch.PairedA);
        Tensor From(Tensor queries, Tensor pairs, Tensor partners) => queries.size(0) == 0 || pairs.size(0) == 0
            ? Pairwise.ZeroWithGraph(queries, partners, batch.LogScale)
            : PseudoLabelLoss.Caption(queries, partners, PseudoLabelLoss.Plan(queries, pairs, batch.LogScale, Kind, Iterations), batch.LogScale);
    }
}
