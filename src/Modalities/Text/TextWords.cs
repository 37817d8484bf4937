using System.Globalization;
using System.Text;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>
/// Splits text as BERT's basic tokenizer does: control characters are dropped, blanks separate words, and each punctuation mark and each Chinese
/// character is a word of its own; optionally letters are made small and lose their accents. Unassigned characters are letters, so that a new Unicode version
/// moves none.
/// </summary>
internal static class TextWords
{
    private const int FirstHangul = 0xAC00, LastHangul = 0xD7A3, Leads = 0x1100, Vowels = 0x1161, Tails = 0x11A7, TailCount = 28, VowelCount = 21;

    /// <summary>Whether a text holds nothing but blanks and control characters: a missing sample.</summary>
    public static bool IsBlank(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
            if (!char.IsWhiteSpace(c) && !char.IsControl(c))
                return false;
        return true;
    }

    /// <summary>The words, with a blank between each two.</summary>
    /// <param name="text">Any text; lone surrogates are dropped.</param>
    /// <param name="lowerCase">Whether letters are made small and lose their accents.</param>
    /// <param name="maximumWords">Words wanted, the first ones.</param>
    public static string Split(ReadOnlySpan<char> text, bool lowerCase, int maximumWords = int.MaxValue)
    {
        var words = new StringBuilder(Math.Min(text.Length, 1 << 12) + 16);
        var (count, isOpen) = (0, false);
        Span<char> letters = stackalloc char[4];
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsBlank(rune))
                isOpen = false;
            else if (!IsDropped(rune))
            {
                var plain = lowerCase ? Plain(rune, letters) : letters[..rune.EncodeToUtf16(letters)];
                var alone = IsAlone(rune) || plain.Length == 1 && IsAlone(new Rune(plain[0])); // some accents that stand alone leave a punctuation mark
                foreach (var letter in plain)
                {
                    var starts = !isOpen || alone && !char.IsLowSurrogate(letter);
                    if (starts && count++ == maximumWords)
                        return words.ToString();
                    if (starts && words.Length > 0)
                        words.Append(' ');
                    words.Append(letter);
                    isOpen = true;
                }
                isOpen &= !alone;
            }
        }
        return words.ToString();
    }

    /// <summary>Whether a character is always a word of its own.</summary>
    public static bool IsAlone(Rune rune) => rune.Value switch
    {
        < 0x80 => Rune.IsPunctuation(rune) || Rune.IsSymbol(rune),
        >= 0x3400 and <= 0x4DBF or >= 0x4E00 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF or >= 0x20000 and <= 0x2A6DF or >= 0x2A700 and <= 0x2CEAF
            or >= 0x2F800 and <= 0x2FA1F => true,
        _ => Rune.IsPunctuation(rune),
    };

    private static bool IsBlank(Rune rune) => rune.Value is '\t' or '\n' or '\r' || Rune.IsWhiteSpace(rune) && !Rune.IsControl(rune);

    private static bool IsDropped(Rune rune) =>
        rune == Rune.ReplacementChar
            || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate;

    // The small letter without accents; none for an accent; Hangul in its letters, as canonical decomposition has it.
    private static ReadOnlySpan<char> Plain(Rune rune, Span<char> letters)
    {
        if (rune.Value is >= FirstHangul and <= LastHangul)
        {
            var index = rune.Value - FirstHangul;
            letters[0] = (char)(Leads + index / (VowelCount * TailCount));
            letters[1] = (char)(Vowels + index / TailCount % VowelCount);
            letters[2] = (char)(Tails + index % TailCount);
            return letters[..(index % TailCount == 0 ? 2 : 3)];
        }
        if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark)
            return [];
        var length = Rune.ToLowerInvariant(rune).EncodeToUtf16(letters);
        if (length == 1)
            letters[0] = TextAccents.Strip(letters[0]);
        return letters[..length];
    }
}
