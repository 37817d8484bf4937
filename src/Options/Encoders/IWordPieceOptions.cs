namespace Microsoft.ML.GentleClip;

/// <summary>How a text becomes WordPiece tokens; of the encoders that read it so.</summary>
internal interface IWordPieceOptions
{
    /// <summary>Whether letters are made small and lose their accents.</summary>
    bool LowerCase { get; }

    /// <summary>A file of tokens, or null.</summary>
    string? VocabularyFile { get; }

    /// <summary>The tokens in the order of their numbers; null where they are not known before the training.</summary>
    IReadOnlyList<string>? Vocabulary { get; }

    /// <summary>Most tokens of a vocabulary that is learnt.</summary>
    int MaximumVocabularySize { get; }

    /// <summary>Tokens of a text that are encoded.</summary>
    int MaximumLength { get; }

    /// <summary>The encoder's settings with the vocabulary of a training.</summary>
    TextEncoderOptions WithVocabulary(IReadOnlyList<string> vocabulary);
}
