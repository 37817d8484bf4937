namespace Microsoft.ML.GentleClip;

/// <summary>What <c>LoadProteinStructures</c> and <c>LoadFasta</c> leave out, merge, rename, move or split, and report.</summary>
public enum ProteinFileRemark
{
    /// <summary>An amino acid without an alpha carbon, or with one at unknown coordinates: left out.</summary>
    ResidueWithoutAlphaCarbon,

    /// <summary>A water molecule: left out.</summary>
    Water,

    /// <summary>A residue of a ligand, an ion, a sugar or a nucleic acid: left out. Free amino acids count here, too.</summary>
    Ligand,

    /// <summary>A record that is damaged: left out, together with its residue or its sequence.</summary>
    BadRecord,

    /// <summary>There are further models, of which none is read. Counted once per file.</summary>
    FurtherModels,

    /// <summary>There are further data blocks with atoms in an mmCIF file, of which none is read. Counted once per file.</summary>
    FurtherDataBlocks,

    /// <summary>A further conformation of a residue (alternate location): merged, the one with the highest occupancy counts.</summary>
    Conformation,

    /// <summary>A residue that belongs to the chain but has no known parent: its letter is X.</summary>
    UnknownResidue,

    /// <summary>A residue that stood elsewhere in the file than in its chain: moved to where its number says.</summary>
    MovedResidue,

    /// <summary>A residue number that ran out of its columns, or was written in hexadecimal: read as the number that must have been meant.</summary>
    RepairedNumber,

    /// <summary>A chain that had the id of another one: split off as a chain of its own.</summary>
    SplitChain,

    /// <summary>Two pieces of a chain with a TER record or a change of <c>label_asym_id</c> between them, whose numbers go on: joined.</summary>
    JoinedChain,

    /// <summary>A chain without an id, named after its segment id.</summary>
    NamedChain,

    /// <summary>Bytes behind the gzip data of a file: passed over. Counted once per file.</summary>
    BytesBehindGzip,

    /// <summary>A FASTA record without any residue: left out.</summary>
    EmptyRecord,

    /// <summary>A FASTA record with a stop (<c>*</c>) before its end: what becomes of it is <see cref="FastaLoadOptions.InnerStops"/>.</summary>
    InnerStop,

    /// <summary>A FASTA record with signs of an alignment, gaps or positions of insertions, that were taken out.</summary>
    AlignedRecord,

    /// <summary>A FASTA record with <c>?</c> for residues that are not known: they became X.</summary>
    UnknownSign,

    /// <summary>A FASTA record with numbers of positions: they were taken out.</summary>
    PositionNumbers,

    /// <summary>A FASTA record whose header has no identifier.</summary>
    RecordWithoutIdentifier,

    /// <summary>A chain or sequence that is shorter or longer than was asked for: left out.</summary>
    OtherLength,
}
