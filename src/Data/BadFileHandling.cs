namespace Microsoft.ML.GentleClip;

/// <summary>
/// What happens when a file cannot be read, since it is not there, not of an expected format or broken, or when a record that is needed is damaged.
/// </summary>
public enum BadFileHandling
{
    /// <summary>Loading fails; the exception names the file, the line and the reason.</summary>
    Throw,

    /// <summary>
    /// A damaged record costs its residue or its sequence, a file that cannot be read the whole file; a warning in <c>MLContext.Log</c> names
    /// the file, the line and the reason.
    /// </summary>
    Skip,
}
