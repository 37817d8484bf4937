namespace Microsoft.ML.GentleClip.Data;

/// <summary>The alpha carbon of one residue in one conformation, as a file gives it, with all that tells where it belongs.</summary>
internal sealed class ObservedResidue
{
    /// <summary>Alpha carbons of neighbours are 3.8 angstrom apart, in cis 2.9; models are rough, so up to 4.5.</summary>
    public const float LongestBond = 4.5f;

    /// <summary>Name of the residue, "MSE".</summary>
    public required string Name { get; set; }

    /// <summary>Chain id; empty where there is none.</summary>
    public required string Chain { get; set; }

    /// <summary>
    /// Piece of the chain: in PDB files the count of the TER records before it and the segment id, in mmCIF <c>label_asym_id</c>. Where
    /// the piece changes, another chain may begin.
    /// </summary>
    public required string Piece { get; set; }

    /// <summary>Number and insertion code to show.</summary>
    public required ResidueNumber Number { get; set; }

    /// <summary>Place in the polymer (<c>label_seq_id</c>); null where the file does not give it.</summary>
    public int? Place { get; set; }

    /// <summary>The file's reason to count the residue as one of the polymer.</summary>
    public ResidueEvidence Evidence { get; set; }

    /// <summary>Letter of the conformation, 0 when there is one only.</summary>
    public char AlternateLocation { get; init; }

    /// <summary>Share of the molecules in this conformation; null where the file does not give it.</summary>
    public float? Occupancy { get; init; }

    /// <summary>Angstrom.</summary>
    public float X { get; init; }

    /// <summary>Angstrom.</summary>
    public float Y { get; init; }

    /// <summary>Angstrom.</summary>
    public float Z { get; init; }

    /// <summary>What tells residues of a chain apart: the place, or else number and insertion code.</summary>
    public long Key => Place is { } place ? (1L << 62) | (uint)place : ((long)Number.Number << 16) | Number.InsertionCode;

    /// <summary>Order in the chain: by place, or by number where one of the two has no place.</summary>
    public int CompareOrder(ObservedResidue other) =>
        Place is { } place && other.Place is { } otherPlace ? place.CompareTo(otherPlace) : Number.CompareTo(other.Number);

    /// <summary>Whether this comes right after the other: the next number, or the same with a later insertion code.</summary>
    public bool Follows(ObservedResidue other) =>
        Place is { } place && other.Place is { } otherPlace ? place == (long)otherPlace + 1
        : Number.Number == (long)other.Number.Number + 1 || (Number.Number == other.Number.Number && Number.InsertionCode > other.Number.InsertionCode);

    /// <summary>Whether two alpha carbons can be neighbours in a chain.</summary>
    public bool IsBondedTo(ObservedResidue other) => DistanceTo(other) <= LongestBond;

    /// <summary>Whether the residues between, which were not observed, can span the distance: at most 30 of them, 4 angstrom each.</summary>
    public bool IsWithinReachOf(ObservedResidue other)
    {
        var steps = Math.Abs((long)Number.Number - other.Number.Number);
        return steps <= 31 && DistanceTo(other) <= 4 * steps + 0.5f;
    }

    /// <summary>Distance of the alpha carbons in angstrom.</summary>
    public float DistanceTo(ObservedResidue other)
    {
        var (x, y, z) = (X - other.X, Y - other.Y, Z - other.Z);
        return MathF.Sqrt(x * x + y * y + z * z);
    }
}
