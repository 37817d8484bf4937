namespace Microsoft.ML.GentleClip;

/// <summary>A protein chain as its alpha carbons: what an embedding generator of a structure modality and <see cref="OnnxPreprocessor"/> take.</summary>
public sealed class AlphaCarbonTrace
{
    /// <summary>Wraps coordinates; they are not copied, and checked when they are embedded.</summary>
    /// <param name="coordinates">x, y and z in angstrom of each residue in turn.</param>
    /// <param name="sequence">
    /// One letter for each alpha carbon; null or empty where the residues are unknown. Only a modality with a sequence column reads it.
    /// </param>
    public AlphaCarbonTrace(ReadOnlyMemory<float> coordinates, string? sequence = null) => (Coordinates, Sequence) = (coordinates, sequence);

    /// <summary>x, y and z in angstrom of each residue in turn.</summary>
    public ReadOnlyMemory<float> Coordinates { get; }

    /// <summary>One letter for each alpha carbon, or null.</summary>
    public string? Sequence { get; }
}
