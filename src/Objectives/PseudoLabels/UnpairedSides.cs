namespace Microsoft.ML.GentleClip;

/// <summary>Modalities whose unpaired rows an objective takes: as negatives, or with pseudo-labels.</summary>
public enum UnpairedSides
{
    /// <summary>Both modalities.</summary>
    Both,

    /// <summary>Only modality A.</summary>
    A,

    /// <summary>Only modality B.</summary>
    B,
}
