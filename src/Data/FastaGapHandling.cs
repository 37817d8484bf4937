namespace Microsoft.ML.GentleClip;

/// <summary>What becomes of the gaps (<c>-</c>, <c>.</c>, <c>~</c>) of aligned FASTA, a2m and a3m files.</summary>
public enum FastaGapHandling
{
    /// <summary>Gaps are taken out, so that the sequence is that of the protein.</summary>
    Strip,

    /// <summary>Each gap stays, as <c>-</c>.</summary>
    Keep,
}
