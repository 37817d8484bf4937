namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>One protein chain.</summary>
internal sealed class Chain
{
    /// <summary>The residue types in the order of the published embedding; X is any other.</summary>
    public const string ResidueOrder = "ACDEFGHIKLMNPQRSTVWYX";

    /// <summary>Checks and takes the arrays over.</summary>
    /// <param name="coordinates">Alpha carbons in angstrom, x, y and z of each in turn; anywhere, as only differences are used.</param>
    /// <param name="residues">Positions in <see cref="ResidueOrder"/>, one per residue; null where the sequence is unknown.</param>
    /// <exception cref="ArgumentException">No residue, numbers that do not fit, or a coordinate or code out of range.</exception>
    public Chain(ReadOnlyMemory<float> coordinates, ReadOnlyMemory<byte>? residues = null)
    {
        if (coordinates.IsEmpty || coordinates.Length % 3 != 0)
            throw new ArgumentException($"A chain has three coordinates for each of one or more residues, found {coordinates.Length} numbers.",
                nameof(coordinates));
        if (residues is { } codes && codes.Length != coordinates.Length / 3)
            throw new ArgumentException($"A chain of {coordinates.Length / 3} alpha carbons needs as many residues, found {codes.Length}.", nameof(residues));
        for (var i = 0; i < coordinates.Length; i++)
            if (!float.IsFinite(coordinates.Span[i]))
                throw new ArgumentException($"Residue {i / 3}: coordinate {"xyz"[i % 3]} must be finite, found {coordinates.Span[i]}.", nameof(coordinates));
        for (var i = 0; residues is { } known && i < known.Length; i++)
            if (known.Span[i] >= ResidueOrder.Length)
                throw new ArgumentException($"Residue {i}: expected a code from 0 to {ResidueOrder.Length - 1}, found {known.Span[i]}.", nameof(residues));
        (Coordinates, Residues) = (coordinates, residues);
    }

    /// <summary>Alpha carbons in angstrom.</summary>
    public ReadOnlyMemory<float> Coordinates { get; }

    /// <summary>Positions in <see cref="ResidueOrder"/>, or null where the sequence is unknown.</summary>
    public ReadOnlyMemory<byte>? Residues { get; }

    /// <summary>Number of residues.</summary>
    public int Length => Coordinates.Length / 3;

    /// <summary>Code of a one-letter residue type; upper and lower case, X for letters without a code.</summary>
    public static byte CodeOf(char letter) =>
        ResidueOrder.IndexOf(char.ToUpperInvariant(letter)) is var code and >= 0 ? (byte)code : (byte)(ResidueOrder.Length - 1);

    /// <summary>A run of residues.</summary>
    public Chain Slice(int start, int length) =>
        new(Coordinates.Slice(3 * start, 3 * length), Residues is { } residues ? (ReadOnlyMemory<byte>?)residues.Slice(start, length) : null);
}
