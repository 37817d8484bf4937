namespace Microsoft.ML.GentleClip.Data;

/// <summary>What a structure file holds: the protein chains of its first model, and how many residues had to be left out for want of an alpha carbon.</summary>
internal sealed record ProteinStructure(IReadOnlyList<ProteinChain> Chains, int ResiduesWithoutAlphaCarbon);
