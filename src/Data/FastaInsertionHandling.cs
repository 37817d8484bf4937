namespace Microsoft.ML.GentleClip;

/// <summary>
/// What becomes of lower-case letters. In a2m and a3m files they are insertions relative to the first sequence, elsewhere regions that were masked.
/// </summary>
public enum FastaInsertionHandling
{
    /// <summary>They become upper case.</summary>
    Keep,

    /// <summary>
    /// They are taken out, and so are the points that stand for them in other rows of an a2m file: what stays are the columns of the alignment.
    /// </summary>
    Remove,
}
