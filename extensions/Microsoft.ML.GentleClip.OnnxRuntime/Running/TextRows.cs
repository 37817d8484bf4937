using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.OnnxEncoders.Tokens;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>Texts as tokens.</summary>
internal sealed class TextRows(TextTokens tokens, IReadOnlyList<int[]> texts) : TokenRows
{
    /// <inheritdoc/>
    public override int Count => texts.Count;

    /// <inheritdoc/>
    public override long Padding => tokens.Padding;

    /// <summary>The tokens of texts.</summary>
    public static TextRows Of(TextTokens tokens, IReadOnlyList<ReadOnlyMemory<char>> texts)
    {
        var rows = new int[texts.Count][];
        for (var i = 0; i < rows.Length; i++)
            rows[i] = tokens.Encode(texts[i].Span);
        return new TextRows(tokens, rows);
    }

    /// <inheritdoc/>
    public override int LengthOf(int row) => texts[row].Length;

    /// <inheritdoc/>
    protected override void CopyTo(int row, Span<long> target)
    {
        for (var i = 0; i < texts[row].Length; i++)
            target[i] = texts[row][i];
    }
}
