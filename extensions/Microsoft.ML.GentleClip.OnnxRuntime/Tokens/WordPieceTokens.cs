using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.OnnxEncoders.Tokens;

/// <summary>WordPiece by the library's own tokenizer.</summary>
internal sealed class WordPieceTokens(TokenizerData data, int maximumLength) : TextTokens
{
    private readonly TextTokenizer _tokenizer = new(new Settings(data.LowerCase, data.Tokens, maximumLength));

    /// <inheritdoc/>
    public override long Padding => _tokenizer.Padding;

    /// <inheritdoc/>
    public override int[] Encode(ReadOnlySpan<char> text) => _tokenizer.Encode(text);

    private sealed record Settings(bool LowerCase, IReadOnlyList<string>? Vocabulary, int MaximumLength) : IWordPieceOptions
    {
        public string? VocabularyFile => null;

        public int MaximumVocabularySize => Vocabulary!.Count;

        public TextEncoderOptions WithVocabulary(IReadOnlyList<string> vocabulary) => throw new NotSupportedException("The vocabulary is known.");
    }
}
