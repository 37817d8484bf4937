namespace Microsoft.ML.GentleClip;

/// <summary>Settings of <c>LoadProteinStructures</c>.</summary>
public sealed class ProteinStructureLoadOptions : ProteinFileOptions
{
    /// <summary>Ids of the chains to load, by exact case, from every file. Null, the default: all.</summary>
    public IReadOnlyCollection<string>? Chains { get; set; }

    /// <summary>
    /// mmCIF only: take chain ids and residue numbers of the archive (<c>label_asym_id</c>, <c>label_seq_id</c>) rather than those of the
    /// authors (<c>auth_asym_id</c>, <c>auth_seq_id</c>, insertion code). Default: false, so that PDB and mmCIF give the same.
    /// </summary>
    public bool UseLabelIdentifiers { get; set; }
}
