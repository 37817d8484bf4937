namespace Microsoft.ML.GentleClip;

/// <summary>What happens when a file cannot be read: it is not there, not of an expected format, or broken.</summary>
public enum BadFileHandling
{
    /// <summary>Loading fails; the exception names the file, the line and the reason.</summary>
    Throw,

    /// <summary>The whole file is left out; a warning in <c>MLContext.Log</c> names the file, the line and the reason.</summary>
    Skip,
}
