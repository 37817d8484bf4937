namespace Microsoft.ML.GentleClip;

/// <summary>Modalities whose unpaired rows get pseudo-labels.</summary>
public enum PseudoLabelSides
{
    /// <summary>Both modalities.</summary>
    Both,

    /// <summary>Only modality A.</summary>
    A,

    /// <summary>Only modality B.</summary>
    B,
}
