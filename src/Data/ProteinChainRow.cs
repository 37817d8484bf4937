namespace Microsoft.ML.GentleClip.Data;

/// <summary>A row of <c>LoadProteinStructures</c>; its properties are the columns.</summary>
internal sealed class ProteinChainRow(string file, ProteinChain chain)
{
    /// <summary>File as it was named.</summary>
    public string File { get; } = file;

    /// <summary>File name without suffixes, and chain: "1abc_A"; "1abc_A-2" for the second chain of that id.</summary>
    public string Identifier { get; } =
        $"{ProteinFile.Stem(file)}{(chain.Id.Length > 0 ? $"_{chain.Id}" : "")}{(chain.Copy > 1 ? FormattableString.Invariant($"-{chain.Copy}") : "")}";

    /// <summary>Chain id.</summary>
    public string Chain => chain.Id;

    /// <summary>Observed residues.</summary>
    public string Sequence => chain.Sequence;

    /// <summary>All residues that the file tells of.</summary>
    public string FullSequence => chain.FullSequence;

    /// <summary>x, y, z in angstrom of each observed residue.</summary>
    public float[] AlphaCarbons => chain.AlphaCarbons;

    /// <summary>Numbers of the observed residues; made when asked for, since numbers take less memory than texts.</summary>
    public string[] ResidueNumbers => Array.ConvertAll(chain.ResidueNumbers, number => number.ToString());
}
