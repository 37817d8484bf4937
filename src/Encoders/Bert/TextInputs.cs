using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Texts as WordPiece tokens.</summary>
internal sealed class TextInputs(TextTokenizer tokenizer) : TokenInputs
{
    private readonly List<int[]> _texts = [];

    /// <inheritdoc/>
    public override void Add(ExampleReader reader) => _texts.Add(tokenizer.Encode(((TextColumnReader)reader).Text));

    /// <inheritdoc/>
    protected override TokenRows Rows => new WordPieceRows(tokenizer, _texts);
}
