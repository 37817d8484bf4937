namespace Microsoft.ML.GentleClip;

/// <summary>How the representations of a picture's patches become its features.</summary>
public enum ViTPooling
{
    /// <summary>The representation of the class token.</summary>
    ClassToken,

    /// <summary>Mean over the patches, without the class token.</summary>
    Mean,
}
