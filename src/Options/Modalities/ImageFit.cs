namespace Microsoft.ML.GentleClip;

/// <summary>How a picture becomes a square.</summary>
public enum ImageFit
{
    /// <summary>Its shorter side gets the wanted length, and what the longer one has more is cut off at both ends, as with published networks.</summary>
    Crop,

    /// <summary>Both sides get the wanted length: nothing is lost, but shapes are distorted.</summary>
    Stretch,
}
