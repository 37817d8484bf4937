namespace Microsoft.ML.GentleClip;

/// <summary>What becomes of a FASTA record with a stop (<c>*</c>) before its end, such as a pseudogene or a translated frame.</summary>
public enum FastaStopHandling
{
    /// <summary>The record is left out and reported.</summary>
    LeaveOut,

    /// <summary>The sequence ends at its first stop.</summary>
    Cut,

    /// <summary>Each stop becomes an unknown residue, X.</summary>
    Unknown,
}
