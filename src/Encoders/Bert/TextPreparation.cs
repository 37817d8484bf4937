using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Texts as WordPiece tokens.</summary>
internal sealed class TextPreparation(TextTokenizer tokenizer) : TokenPreparation
{
    /// <inheritdoc/>
    protected override TokenRows Rows(ExampleStore examples)
    {
        var texts = (TextStore)examples;
        return WordPieceRows.Of(tokenizer, [.. Enumerable.Range(0, texts.Count).Select(i => texts[i])]);
    }
}
