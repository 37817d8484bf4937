namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>How unpaired rows get pseudo-labels from the pairs of their modality.</summary>
internal enum PseudoLabelSource
{
    /// <summary>The most similar pair (Hard-PL).</summary>
    Hard,

    /// <summary>The softmax of the similarities (Soft-PL).</summary>
    Soft,

    /// <summary>The rows of an entropic transport plan (S-CLIP).</summary>
    OptimalTransport,
}

/// <summary>Modalities whose unpaired rows take part.</summary>
[Flags]
internal enum Sides
{
    /// <summary>Modality A.</summary>
    A = 1,

    /// <summary>Modality B.</summary>
    B = 2,

    /// <summary>Both modalities.</summary>
    Both = A | B,
}

/// <summary>How <see cref="PseudoLabelLoss"/> and <see cref="KeywordLoss"/> take part in the total.</summary>
internal sealed record PseudoLabelSettings
{
    /// <summary>Where labels come from.</summary>
    public PseudoLabelSource Kind { get; init; } = PseudoLabelSource.OptimalTransport;

    /// <summary>Whose unpaired rows get labels. S-CLIP: the images alone.</summary>
    public Sides Sides { get; init; } = Sides.Both;

    /// <summary>Updates of the transport plan.</summary>
    public int SinkhornIterations { get; init; } = 10;

    /// <summary>Unpaired rows are further negatives of the contrastive term.</summary>
    public bool ExtraNegatives { get; init; } = true;

    /// <summary>The modality that keywords do not belong to, whose unpaired rows are matched with them.</summary>
    public Sides KeywordSide { get; init; } = Sides.A;

    /// <summary>Several candidate keywords share the target by a softmax; false divides by their sum, as the S-CLIP release does, where targets can be negative.</summary>
    public bool KeywordSoftmax { get; init; } = true;
}
