using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Settings of an encoder of amino-acid sequences: <see cref="ProteinWindowOptions"/>, <see cref="Esm2Options"/>, or your own, a
/// <see cref="CustomProteinSequenceEncoderOptions"/>.
/// </summary>
public abstract record ProteinSequenceEncoderOptions : IEncoderOptions
{
    private Esm2UnknownResidues _unknownResidues = Esm2UnknownResidues.Error;

    private protected ProteinSequenceEncoderOptions()
    {
    }

    /// <summary>What becomes of characters that ESM-2's alphabet lacks. Default <see cref="Esm2UnknownResidues.Error"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined value.</exception>
    public Esm2UnknownResidues UnknownResidues
    {
        get => _unknownResidues;
        init => _unknownResidues = Check.Defined(value, nameof(UnknownResidues));
    }

    /// <summary>Checks what no setter can see alone.</summary>
    /// <exception cref="ArgumentException">Settings contradict each other.</exception>
    internal virtual void Validate()
    {
    }
}
