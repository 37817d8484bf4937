namespace Microsoft.ML.GentleClip;

/// <summary>A modality of amino-acid sequences; see <see cref="Modality.ProteinSequence"/>.</summary>
public sealed class ProteinSequenceModality : Modality
{
    internal ProteinSequenceModality(string inputColumnName, string outputColumnName, Esm2Options encoder)
        : base(inputColumnName, outputColumnName) => Encoder = encoder;

    /// <summary>Settings of ESM-2.</summary>
    public Esm2Options Encoder { get; }

    internal override IEncoderOptions EncoderOptions => Encoder;

    internal override void Validate() => Encoder.Validate();
}
