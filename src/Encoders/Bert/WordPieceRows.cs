using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Texts as WordPiece tokens, [CLS] and [SEP] included.</summary>
/// <param name="tokenizer">Made them.</param>
/// <param name="texts">Numbers of the tokens of each.</param>
internal sealed class WordPieceRows(TextTokenizer tokenizer, IReadOnlyList<int[]> texts) : TokenRows
{
    /// <inheritdoc/>
    public override int Count => texts.Count;

    /// <inheritdoc/>
    public override long Padding => tokenizer.Padding;

    /// <summary>The tokens of texts.</summary>
    public static WordPieceRows Of(TextTokenizer tokenizer, IReadOnlyList<ReadOnlyMemory<char>> texts)
    {
        var tokens = new int[texts.Count][];
        for (var i = 0; i < tokens.Length; i++)
            tokens[i] = tokenizer.Encode(texts[i].Span);
        return new WordPieceRows(tokenizer, tokens);
    }

    /// <inheritdoc/>
    public override int LengthOf(int row) => texts[row].Length;

    /// <inheritdoc/>
    protected override void CopyTo(int row, Span<long> target)
    {
        var tokens = texts[row];
        for (var i = 0; i < tokens.Length; i++)
            target[i] = tokens[i];
    }
}
