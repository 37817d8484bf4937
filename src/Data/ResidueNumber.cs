using System.Globalization;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Number of a residue in its chain, with the insertion code that tells residues of one number apart; 0 if there is none.</summary>
internal readonly record struct ResidueNumber(int Number, char InsertionCode = '\0') : IComparable<ResidueNumber>
{
    /// <inheritdoc/>
    public int CompareTo(ResidueNumber other) => Number != other.Number ? Number.CompareTo(other.Number) : InsertionCode.CompareTo(other.InsertionCode);

    /// <summary>As the PDB writes it: "52", "52A", "-3".</summary>
    public override string ToString() => InsertionCode == '\0'
        ? Number.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Number}{InsertionCode}");
}
