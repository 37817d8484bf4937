using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Texts as WordPiece tokens.</summary>
internal sealed class TextInputs(TextTokenizer tokenizer) : TokenInputs(tokenizer.Padding)
{
    /// <inheritdoc/>
    public override void Add(ExampleReader reader) => Add(Array.ConvertAll(tokenizer.Encode(((TextColumnReader)reader).Text), token => (long)token));
}
