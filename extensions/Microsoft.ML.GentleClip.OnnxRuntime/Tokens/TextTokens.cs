namespace Microsoft.ML.GentleClip.OnnxEncoders.Tokens;

/// <summary>Turns texts into numbers of tokens. Thread-safe.</summary>
internal abstract class TextTokens
{
    /// <summary>The number that stands where a text has no token.</summary>
    public abstract long Padding { get; }

    /// <summary>A text's first tokens, with the special ones around them; never none.</summary>
    public abstract int[] Encode(ReadOnlySpan<char> text);
}
