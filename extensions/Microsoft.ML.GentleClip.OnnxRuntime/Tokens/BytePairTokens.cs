using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.GentleClip.OnnxEncoders.Tokens;

/// <summary>Byte-pair encoding over bytes, as GPT-2, RoBERTa and CLIP have it, by Microsoft.ML.Tokenizers.</summary>
internal sealed class BytePairTokens : TextTokens
{
    // A token is one character or more, mostly; what lies far behind the last one that fits is not looked at.
    private const int CharactersPerToken = 64;

    private const string WordsOfGpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly BpeTokenizer _tokenizer;
    private readonly TokenizerData _data;
    private readonly int _room;

    /// <summary>Creates the tokenizer.</summary>
    /// <exception cref="InvalidDataException">The data contradict each other.</exception>
    public BytePairTokens(TokenizerData data, int maximumLength)
    {
        (_data, _room) = (data, Math.Max(0, maximumLength - data.Before.Count - data.After.Count));
        try
        {
            _tokenizer = BpeTokenizer.Create(new BpeOptions(data.Tokens.Select((token, number) => (token, number)).Where(entry => entry.token.Length > 0)
                .Select(entry => new KeyValuePair<string, int>(entry.token, entry.number)))
            {
                Merges = data.Merges!,
                ByteLevel = true,
                EndOfWordSuffix = data.EndOfWord,
                PreTokenizer = new RegexPreTokenizer(new Regex(data.Words ?? WordsOfGpt2, RegexOptions.CultureInvariant, Patience), null),
            });
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidDataException($"The tokens of BPE cannot be used: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public override long Padding => _data.Padding;

    /// <inheritdoc/>
    public override int[] Encode(ReadOnlySpan<char> text)
    {
        var beginning = text[..(int)Math.Min(text.Length, (long)_room * CharactersPerToken)].ToString();
        if (_data.JoinBlanks)
            beginning = string.Join(' ', beginning.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (_data.LowerCase)
            beginning = beginning.ToLowerInvariant();
        if (_data.AddBlank && !beginning.StartsWith(' '))
            beginning = " " + beginning;
        return [.. _data.Before, .. _tokenizer.EncodeToIds(beginning).Take(_room), .. _data.After];
    }
}
