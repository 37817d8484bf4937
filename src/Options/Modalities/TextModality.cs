using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>A modality of text; see <see cref="Modality.Text"/>.</summary>
public sealed class TextModality : Modality
{
    internal TextModality(string inputColumnName, string outputColumnName, TextEncoderOptions encoder)
        : base(inputColumnName, outputColumnName) => Encoder = encoder;

    /// <summary>Settings of the encoder: <see cref="TextNGramOptions"/>, <see cref="BertEncoderOptions"/> or a <see cref="CustomTextEncoderOptions"/>.</summary>
    public TextEncoderOptions Encoder { get; }

    /// <summary>The same columns with other settings.</summary>
    internal TextModality With(TextEncoderOptions encoder) => new(InputColumnName, OutputColumnName, encoder);

    internal override void Validate()
    {
        (Encoder as BertEncoderOptions)?.Validate();
        if (Encoder is CustomTextEncoderOptions custom)
            EncoderKey.Check(custom);
    }

    internal override void CheckFiles()
    {
        Check("weights", (Encoder as BertEncoderOptions)?.WeightsFile ?? (Encoder as CustomTextEncoderOptions)?.WeightsFile);
        Check("vocabulary", Encoder.WordPieces?.VocabularyFile);

        void Check(string kind, string? file)
        {
            if (file is not null && !File.Exists(file))
                throw new FileNotFoundException($"The {kind} file of column '{InputColumnName}' does not exist: {file}.", file);
        }
    }
}
