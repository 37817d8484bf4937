namespace Microsoft.ML.GentleClip.Data;

/// <summary>What a structure file holds: the protein chains of its first model, and what had to be left out or decided.</summary>
internal sealed record ProteinStructure(IReadOnlyList<ProteinChain> Chains, ProteinFileNotes Notes)
{
    /// <summary>Amino acids that were left out for want of an alpha carbon.</summary>
    public int ResiduesWithoutAlphaCarbon => Notes[ProteinFileRemark.ResidueWithoutAlphaCarbon];
}
