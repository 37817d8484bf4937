namespace Microsoft.ML.GentleClip.Data;

/// <summary>Why a residue may belong to the polymer, from the weakest reason to the strongest.</summary>
internal enum ResidueEvidence
{
    /// <summary>It does not: the tables of the file say that it is of no polymer.</summary>
    Foreign,

    /// <summary>A HETATM record of a name that is not in the sequence of the chain (SEQRES).</summary>
    Unlisted,

    /// <summary>None: a HETATM record, which ligands have as well, of a chain whose sequence the file does not give.</summary>
    None,

    /// <summary>An ATOM record with a name that is not known: a modified residue, or a ligand of a program that writes nothing but ATOM.</summary>
    AtomRecord,

    /// <summary>A HETATM record of a name that the sequence of the chain lists.</summary>
    ListedName,

    /// <summary>
    /// A HETATM record of a residue that MODRES lists, or of a polymer of mmCIF without a place in it; programs put these at the end of the file.
    /// </summary>
    ListedResidue,

    /// <summary>An ATOM record of an amino acid, or of a name that the sequence lists.</summary>
    AminoAcid,

    /// <summary>The tables of mmCIF say that it is of a polymer.</summary>
    Polymer,
}
