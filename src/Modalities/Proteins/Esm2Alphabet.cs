namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>
/// ESM-2's 33 tokens ("ESM-1b" alphabet): four special ones, 25 letters, two gap signs, an unused one and the mask. Blanks between letters
/// are skipped; <c>&lt;mask&gt;</c> and <c>&lt;unk&gt;</c> may stand in a sequence.
/// </summary>
internal static class Esm2Alphabet
{
    public const byte Beginning = 0, Padding = 1, End = 2, Unknown = 3, Mask = 32;

    /// <summary>Number of tokens.</summary>
    public const int Count = 33;

    private const byte First = 4, None = byte.MaxValue;
    private const string Letters = "LAGVSERTIDPKQNFYMHWCXBUZO.-", MaskText = "<mask>", UnknownText = "<unk>";
    private static readonly byte[] Tokens = [.. Enumerable.Range(0, 128).Select(c => Letters.IndexOf((char)c) is >= 0 and var at ? (byte)(First + at) : None)];

    /// <summary>The tokens of a sequence's residues, without beginning and end.</summary>
    /// <exception cref="FormatException">No residue, or a character that is no residue; the message names it and its position.</exception>
    public static byte[] Encode(ReadOnlySpan<char> sequence, Esm2UnknownResidues unknown = Esm2UnknownResidues.Error)
    {
        var tokens = new byte[sequence.Length];
        return TryEncode(sequence, unknown, tokens, out var count, out var problem) ? tokens[..count] : throw new FormatException(problem);
    }

    /// <summary>Writes the tokens of a sequence's residues, without beginning and end; false where it is none.</summary>
    /// <param name="sequence">Letters.</param>
    /// <param name="unknown">What to do with other characters.</param>
    /// <param name="tokens">As long as the text or longer.</param>
    /// <param name="count">Tokens written.</param>
    /// <param name="problem">What is wrong: the character, its position from 1, what was expected.</param>
    public static bool TryEncode(ReadOnlySpan<char> sequence, Esm2UnknownResidues unknown, Span<byte> tokens, out int count, out string problem)
    {
        (count, problem) = (0, "");
        for (var i = 0; i < sequence.Length; i++)
        {
            var c = sequence[i];
            if (char.IsWhiteSpace(c))
                continue;
            if (c < Tokens.Length && Tokens[c] is not None and var token)
                tokens[count++] = token;
            else if (sequence[i..].StartsWith(MaskText, StringComparison.Ordinal))
            {
                tokens[count++] = Mask;
                i += MaskText.Length - 1;
            }
            else if (sequence[i..].StartsWith(UnknownText, StringComparison.Ordinal))
            {
                tokens[count++] = Unknown;
                i += UnknownText.Length - 1;
            }
            else if (unknown == Esm2UnknownResidues.UnknownToken && c != '<' && !char.IsLower(c))
                tokens[count++] = Unknown;
            else
            {
                problem = $"Character {i + 1} of the sequence is '{c}'; expected one of {Letters}, {MaskText} or {UnknownText}.";
                return false;
            }
        }
        if (count == 0)
            problem = "The sequence has no residue.";
        return count > 0;
    }
}
