namespace Microsoft.ML.GentleClip;

/// <summary>Modalities whose unpaired rows get pseudo-labels.</summary>
public enum PseudoLabelSides
{
    /// <summary>Both modalities.</summary>
    Both,

    /// <summary>Modality A alone.</summary>
    A,

    /// <summary>Modality B alone.</summary>
    B,
}
