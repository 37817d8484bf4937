namespace Microsoft.ML.GentleClip;

/// <summary>A modality of amino-acid sequences; see <see cref="Modality.ProteinSequence"/>.</summary>
public sealed class ProteinSequenceModality : Modality
{
    internal ProteinSequenceModality(string outputColumnName, string inputColumnName, ProteinSequenceEncoderOptions encoder)
        : base(outputColumnName, inputColumnName) => Encoder = encoder;

    /// <summary>
    /// Settings of the encoder: <see cref="ProteinWindowOptions"/>, <see cref="Esm2Options"/> or a <see cref="CustomProteinSequenceEncoderOptions"/>.
    /// </summary>
    public ProteinSequenceEncoderOptions Encoder { get; }

    internal override IEncoderOptions EncoderOptions => Encoder;

    internal override void Validate()
    {
        base.Validate();
        Encoder.Validate();
    }
}
