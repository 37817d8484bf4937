using System.Text;
using Microsoft.ML.GentleClip.Options;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>
/// WordPiece tokens of text by Microsoft.ML.Tokenizers, with the basic tokenisation of <see cref="TextWords"/>: special tokens that are spelt out in a text
/// are ordinary characters, and a text that is too long keeps its first tokens.
/// </summary>
internal sealed class TextTokenizer
{
    private readonly BertTokenizer _tokenizer;
    private readonly bool _lowerCase;
    private readonly int _maximumLength;

    /// <summary>Creates the tokenizer of options that have a vocabulary.</summary>
    public TextTokenizer(IWordPieceOptions options)
    {
        var tokens = options.Vocabulary ?? throw new InvalidOperationException("The vocabulary is not known before the training.");
        (_lowerCase, _maximumLength) = (options.LowerCase, options.MaximumLength);
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', tokens)));
        _tokenizer = BertTokenizer.Create(stream, new BertOptions
        {
            ApplyBasicTokenization = false,
            LowerCaseBeforeTokenization = false,
            SplitOnSpecialTokens = false,
            // A vocabulary without [MASK] can encode; masking is none of the encoder's business.
            MaskingToken = tokens.Contains(TokenList.Mask) ? TokenList.Mask : TokenList.Unknown,
        });
    }

    /// <summary>Number of the padding token.</summary>
    public int Padding => _tokenizer.PaddingTokenId;

    /// <summary>The numbers of [CLS], the text's first tokens, and [SEP]; at most as many as the options say.</summary>
    public int[] Encode(ReadOnlySpan<char> text)
    {
        var room = _maximumLength - 2;
        var words = TextWords.Split(text, _lowerCase, room); // a word is one token or more
        var tokens = words.Length == 0 ? [] : _tokenizer.EncodeToIds(words, addSpecialTokens: false);
        return [_tokenizer.ClassificationTokenId, .. tokens.Take(room), _tokenizer.SeparatorTokenId];
    }
}
