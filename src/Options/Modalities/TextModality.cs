namespace Microsoft.ML.GentleClip;

/// <summary>A modality of text; see <see cref="Modality.Text"/>.</summary>
public sealed class TextModality : Modality
{
    internal TextModality(string outputColumnName, string inputColumnName, TextEncoderOptions encoder)
        : base(outputColumnName, inputColumnName) => Encoder = encoder;

    /// <summary>
    /// Settings of the encoder: <see cref="TextNGramOptions"/>, <see cref="BertEncoderOptions"/> or a <see cref="CustomTextEncoderOptions"/>.
    /// </summary>
    public TextEncoderOptions Encoder { get; }

    /// <summary>The same columns with other settings.</summary>
    internal TextModality With(TextEncoderOptions encoder) => new(OutputColumnName, InputColumnName, encoder) { OtherOutputs = OtherOutputs };

    internal override IEncoderOptions EncoderOptions => Encoder;

    internal override void Validate()
    {
        base.Validate();
        (Encoder as BertEncoderOptions)?.Validate();
    }
}
