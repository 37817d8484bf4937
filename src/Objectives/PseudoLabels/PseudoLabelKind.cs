namespace Microsoft.ML.GentleClip;

/// <summary>How unpaired rows get pseudo-labels from the pairs of their modality.</summary>
public enum PseudoLabelKind
{
    /// <summary>The rows of an entropic transport plan (S-CLIP, Mo et al. 2023).</summary>
    OptimalTransport,

    /// <summary>The most similar pair (Hard-PL).</summary>
    Hard,

    /// <summary>The softmax of the similarities (Soft-PL).</summary>
    Soft,
}
