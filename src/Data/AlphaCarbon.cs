namespace Microsoft.ML.GentleClip.Data;

/// <summary>One alpha carbon as a file gives it.</summary>
/// <param name="Residue">Name of the residue, "MSE".</param>
/// <param name="Number">Number of the residue.</param>
/// <param name="AlternateLocation">Letter of the conformation, 0 when there is one only.</param>
/// <param name="Occupancy">Share of the molecules in this conformation.</param>
/// <param name="X">Angstrom.</param>
/// <param name="Y">Angstrom.</param>
/// <param name="Z">Angstrom.</param>
/// <param name="IsDoubtful">The file does not tell yet whether this is a residue of the polymer or a ligand.</param>
internal readonly record struct AlphaCarbon(
    string Residue, ResidueNumber Number, char AlternateLocation, float Occupancy, float X, float Y, float Z, bool IsDoubtful = false);
