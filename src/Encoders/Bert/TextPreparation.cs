using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Texts as WordPiece tokens.</summary>
internal sealed class TextPreparation(TextTokenizer tokenizer) : TokenPreparation<TextBatch>
{
    /// <inheritdoc/>
    protected override TokenRows Rows(TextBatch batch) => WordPieceRows.Of(tokenizer, batch.Texts);
}
