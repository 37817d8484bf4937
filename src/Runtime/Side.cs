namespace Microsoft.ML.GentleClip;

/// <summary>One of the two modalities.</summary>
public enum Side
{
    /// <summary>The first modality, <see cref="GentleClipOptions.ModalityA"/>.</summary>
    A,

    /// <summary>The second modality, <see cref="GentleClipOptions.ModalityB"/>.</summary>
    B,
}
