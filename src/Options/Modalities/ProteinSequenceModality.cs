namespace Microsoft.ML.GentleClip;

/// <summary>A modality of amino-acid sequences; see <see cref="Modality.ProteinSequence"/>.</summary>
public sealed class ProteinSequenceModality : Modality
{
    internal ProteinSequenceModality(string outputColumnName, string inputColumnName, Esm2Options encoder)
        : base(outputColumnName, inputColumnName) => Encoder = encoder;

    /// <summary>Settings of ESM-2.</summary>
    public Esm2Options Encoder { get; }

    internal override IEncoderOptions EncoderOptions => Encoder;

    internal override void Validate() => Encoder.Validate();
}
