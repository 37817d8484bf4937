namespace Microsoft.ML.GentleClip.Data;

/// <summary>One chain of a structure file: the residues whose alpha carbon was observed, in the order of the polymer.</summary>
/// <param name="Id">Chain id; empty when a PDB file gives none.</param>
/// <param name="Sequence">One letter per residue; X for residues without a known parent.</param>
/// <param name="FullSequence">The sequence that was in the experiment, unobserved residues included; empty when the file does not tell.</param>
/// <param name="AlphaCarbons">x, y, z in angstrom, residue by residue.</param>
/// <param name="ResidueNumbers">Number of each residue.</param>
/// <param name="Copy">1, or which of the chains that have this id it is.</param>
internal sealed record ProteinChain(string Id, string Sequence, string FullSequence, float[] AlphaCarbons, ResidueNumber[] ResidueNumbers, int Copy = 1);
