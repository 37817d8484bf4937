namespace Microsoft.ML.GentleClip.OnnxEncoders.Tokens;

/// <summary>How texts become tokens, as plain data that a saved model holds.</summary>
internal sealed record TokenizerData
{
    /// <summary>Whether letters are made small.</summary>
    public required bool LowerCase { get; init; }

    /// <summary>The tokens in the order of their numbers; a number without a token has nothing.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Of BPE, the pairs in the order in which they are merged, each with a blank between; null for WordPiece.</summary>
    public IReadOnlyList<string>? Merges { get; init; }

    /// <summary>Of BPE, numbers of the tokens before a text.</summary>
    public IReadOnlyList<int> Before { get; init; } = [];

    /// <summary>Of BPE, numbers of the tokens after a text.</summary>
    public IReadOnlyList<int> After { get; init; } = [];

    /// <summary>Of BPE, the number that stands where a text has no token.</summary>
    public int Padding { get; init; }

    /// <summary>Of BPE, what ends a word's last token, such as <c>&lt;/w&gt;</c>, or null.</summary>
    public string? EndOfWord { get; init; }

    /// <summary>Of BPE, the regular expression of words; null for that of GPT-2.</summary>
    public string? Words { get; init; }

    /// <summary>Of BPE, whether a text begins with a blank that it has not.</summary>
    public bool AddBlank { get; init; }

    /// <summary>Of BPE, whether runs of blanks become one.</summary>
    public bool JoinBlanks { get; init; }

    /// <summary>A tokenizer of it.</summary>
    /// <param name="maximumLength">Most tokens of a text.</param>
    public TextTokens Create(int maximumLength) => Merges is null ? new WordPieceTokens(this, maximumLength) : new BytePairTokens(this, maximumLength);

    /// <summary>Value equality.</summary>
    public bool Equals(TokenizerData? other) => other is not null && (LowerCase, Padding, EndOfWord, Words, AddBlank, JoinBlanks)
        == (other.LowerCase, other.Padding, other.EndOfWord, other.Words, other.AddBlank, other.JoinBlanks) && Tokens.SequenceEqual(other.Tokens)
        && (Merges is null ? other.Merges is null : other.Merges is not null && Merges.SequenceEqual(other.Merges))
        && Before.SequenceEqual(other.Before) && After.SequenceEqual(other.After);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(LowerCase, Tokens.Count, Merges?.Count, Padding);
}
