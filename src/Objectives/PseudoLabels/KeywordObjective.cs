using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Keyword-level pseudo-labels of S-CLIP (Mo et al. 2023): an unpaired sample of the modality that the keywords do not belong to is matched with the
/// keywords that the most similar pair holds. In the history as <c>keyword</c>; see docs/objectives/pseudo-labels.md.
/// </summary>
public sealed record KeywordObjective : Objective
{
    private readonly PseudoLabelKind _kind;
    private readonly KeywordOptions _keywords;

    /// <summary>Creates the objective with a weight of 0.3 behind the usual ramp, as <see cref="PseudoLabelObjective"/>; S-CLIP has 1 from the start.</summary>
    /// <param name="keywords">The keywords, and which pair holds which.</param>
    /// <exception cref="ArgumentNullException"><paramref name="keywords"/> is null.</exception>
    public KeywordObjective(KeywordOptions keywords)
        : base("keyword")
    {
        ArgumentNullException.ThrowIfNull(keywords);
        (_keywords, Weight, Ramp) = (keywords, 0.3, new WeightRamp());
    }

    /// <summary>The keywords, and which pair holds which.</summary>
    /// <exception cref="ArgumentNullException">Set to null.</exception>
    public KeywordOptions Keywords
    {
        get => _keywords;
        init => _keywords = value ?? throw new ArgumentNullException(nameof(Keywords));
    }

    /// <summary>How unpaired samples find their pair. Default <see cref="PseudoLabelKind.OptimalTransport"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a kind.</exception>
    public PseudoLabelKind Kind
    {
        get => _kind;
        init => _kind = Check.Defined(value, nameof(Kind));
    }

    /// <summary>
    /// Whether several keywords of a pair share a sample's target by a softmax of the similarities (default). False divides by their sum
    /// as S-CLIP's released code does, where negative similarities give negative targets.
    /// </summary>
    public bool Softmax { get; init; } = true;

    /// <inheritdoc/>
    public override ObjectiveNeeds Needs => new() { UnpairedSamples = true, Pairs = true, Keywords = Keywords };

    /// <inheritdoc/>
    public override Tensor Compute(ObjectiveBatch batch)
    {
        var (queries, pairs) = Keywords.Modality == Side.A ? (batch.UnpairedB, batch.PairedB) : (batch.UnpairedA, batch.PairedA);
        var keywords = batch.Keywords;
        if (queries.size(0) == 0 || batch.NumberOfPairs == 0 || keywords.size(0) == 0)
            return Pairwise.ZeroWithGraph(queries, keywords, batch.LogScale);
        var plan = PseudoLabelLoss.Plan(queries, pairs, batch.LogScale, Kind);
        var targets = KeywordLoss.Targets(queries, keywords, plan, batch.PairHasKeyword, batch.LogScale, Softmax);
        return KeywordLoss.Compute(queries, keywords, targets, batch.LogScale);
    }
}
