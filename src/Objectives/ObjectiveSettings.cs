namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>Weights of the terms and how each is computed. The defaults are the recommended ones; a weight of zero leaves a term out.</summary>
internal sealed record ObjectiveSettings
{
    /// <summary>alpha of equation 9: weight of the contrastive and, times mu, of the self-supervised terms.</summary>
    public double ContrastiveWeight { get; init; } = 1;

    /// <summary>mu of equation 8.</summary>
    public double SelfSupervisedWeight { get; init; } = 0.1;

    /// <summary>delta of equation 9.</summary>
    public double MmdWeight { get; init; } = 1;

    /// <summary>eta of equation 9.</summary>
    public double SddWeight { get; init; } = 1;

    /// <summary>Weight of the centroid distance.</summary>
    public double CentroidWeight { get; init; }

    /// <summary>Weight of the Sinkhorn divergence. No gain at 1; 10 ruins the embeddings.</summary>
    public double SinkhornWeight { get; init; }

    /// <summary>Weight of the caption-level pseudo-labels (times the ramp). Any other than zero also makes unpaired rows negatives of the contrastive term.</summary>
    public double PseudoLabelWeight { get; init; }

    /// <summary>Weight of the keyword-level pseudo-labels (times the ramp).</summary>
    public double KeywordWeight { get; init; }

    /// <summary>Weight of the transport-plan pseudo-pairs (times the ramp): 0.3 is cautious, 1 gains more and can hurt.</summary>
    public double TransportPairWeight { get; init; }

    /// <summary>Weight of SOTAlign's plan divergence.</summary>
    public double KlotWeight { get; init; }

    /// <summary>Terms of the user's own.</summary>
    public IReadOnlyList<CustomTerm> Custom { get; init; } = [];

    /// <summary>Form of equation 7.</summary>
    public SelfSupervisedDenominator SelfSupervisedDenominator { get; init; } = SelfSupervisedDenominator.SimCse;

    /// <summary>Form of equation 2.</summary>
    public MkMmdSettings Mmd { get; init; } = new();

    /// <summary>Form of equations 3 to 6.</summary>
    public SddSettings Sdd { get; init; } = new();

    /// <summary>Form of the Sinkhorn divergence.</summary>
    public SinkhornSettings Sinkhorn { get; init; } = new();

    /// <summary>Form of the pseudo-labels.</summary>
    public PseudoLabelSettings PseudoLabel { get; init; } = new();

    /// <summary>Form of the transport-plan pseudo-pairs.</summary>
    public TransportPairSettings TransportPairs { get; init; } = new();

    /// <summary>Form of the plan divergence.</summary>
    public KlotSettings Klot { get; init; } = new();

    /// <summary>Rows above which the pairwise terms run in row blocks, with memory that grows with the batch instead of its square.</summary>
    public int BlockSize { get; init; } = Pairwise.DefaultBlockSize;
}
