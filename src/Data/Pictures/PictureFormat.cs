namespace Microsoft.ML.GentleClip;

/// <summary>A picture file's format, as its first bytes say it.</summary>
public enum PictureFormat
{
    /// <summary>None of the others. Such a file may still be a picture, but nothing is known of it.</summary>
    Unknown,

    /// <summary>JPEG.</summary>
    Jpeg,

    /// <summary>PNG, animated or not.</summary>
    Png,

    /// <summary>WEBP, lossy, lossless or animated.</summary>
    Webp,

    /// <summary>GIF.</summary>
    Gif,

    /// <summary>Windows bitmap.</summary>
    Bmp,
}
