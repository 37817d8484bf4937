namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>One of the two modalities.</summary>
internal enum AlignmentSide
{
    /// <summary>Modality A.</summary>
    A,

    /// <summary>Modality B.</summary>
    B,
}
