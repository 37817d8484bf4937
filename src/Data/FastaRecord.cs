namespace Microsoft.ML.GentleClip.Data;

/// <summary>One sequence of a FASTA file.</summary>
/// <param name="Identifier">First word of the header.</param>
/// <param name="Description">The rest of the header; may be empty.</param>
/// <param name="Sequence">Letters A to Z.</param>
internal sealed record FastaRecord(string Identifier, string Description, string Sequence);
