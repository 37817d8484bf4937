namespace Microsoft.ML.GentleClip;

/// <summary>What becomes of characters that ESM-2's alphabet lacks, such as J or *.</summary>
public enum Esm2UnknownResidues
{
    /// <summary>They are an error, as in the authors' code.</summary>
    Error,

    /// <summary>They become the token <c>&lt;unk&gt;</c>. Small letters stay an error: a whole sequence of them would become unknown.</summary>
    UnknownToken,
}
