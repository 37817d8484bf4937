using Microsoft.ML.GentleClip.Data;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>PDB or mmCIF files, plain and packed; some that the other reader gets.</summary>
internal sealed class StructureFormat(string name) : FuzzFormat
{
    public override string Name => name;

    public override int Weight => 160;

    public override byte[] Make(Random random) => ProteinTexts.Mutated(name == "pdb" ? ProteinTexts.Pdb : ProteinTexts.Cif, random);

    public override void Read(byte[] file)
    {
        using var lines = ProteinTexts.Lines(file);
        foreach (var chain in StructureReader.Read(lines, useLabels: file.Length % 2 == 0, keepsGoodRecords: file.Length % 3 == 0).Chains)
            if (chain.Sequence.Length == 0 || chain.AlphaCarbons.Length != 3 * chain.Sequence.Length || chain.ResidueNumbers.Length != chain.Sequence.Length
                || !chain.Sequence.All(char.IsAsciiLetterUpper) || !chain.AlphaCarbons.All(float.IsFinite))
                throw new LossException($"Chain '{chain.Id}' is not sound.");
    }
}
