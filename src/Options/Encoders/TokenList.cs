namespace Microsoft.ML.GentleClip.Options;

/// <summary>Checks of a WordPiece vocabulary, and the special tokens that it must have.</summary>
internal static class TokenList
{
    public const string Padding = "[PAD]", Unknown = "[UNK]", Beginning = "[CLS]", End = "[SEP]", Mask = "[MASK]";

    /// <summary>What a token that continues a word starts with.</summary>
    public const string Continuation = "##";

    /// <summary>Most tokens.</summary>
    public const int MaximumCount = 1 << 20;

    private const int MaximumTokenLength = 256;
    private static readonly string[] Required = [Padding, Unknown, Beginning, End];

    /// <summary>A copy of a list of tokens that can be used.</summary>
    /// <exception cref="ArgumentException">It cannot; the message says why and where.</exception>
    public static IReadOnlyList<string> Checked(IReadOnlyList<string> tokens, string name)
    {
        if (tokens.Count > MaximumCount)
            throw new ArgumentException($"{name} has {tokens.Count} tokens; expected at most {MaximumCount}.", name);
        var seen = new Dictionary<string, int>(tokens.Count, StringComparer.Ordinal);
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i] is not { Length: > 0 and <= MaximumTokenLength } token || token.Any(char.IsWhiteSpace))
                throw new ArgumentException(
                    $"{name}: token {i} (counted from 0) is '{Shown(tokens[i])}'; expected 1 to {MaximumTokenLength} characters without blanks.", name);
            if (!seen.TryAdd(token, i))
                throw new ArgumentException($"{name}: tokens {seen[token]} and {i} (counted from 0) are both '{Shown(token)}'.", name);
        }
        var missing = Required.Where(token => !seen.ContainsKey(token)).ToArray();
        return missing.Length == 0 ? [.. tokens]
            : throw new ArgumentException($"{name}: {string.Join(", ", missing)} missing; expected {string.Join(", ", Required)} among the tokens.", name);
    }

    // A file of another kind may be one line of gigabytes.
    private static string Shown(string? token)
    {
        const int longest = 60;
        return token is { Length: > longest } ? $"{token.AsSpan(0, longest)}... ({token.Length} characters)" : token ?? "";
    }

    /// <summary>Reads a <c>vocab.txt</c>.</summary>
    /// <exception cref="InvalidDataException">It cannot be used; the message names the file.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        var tokens = new List<string>();
        foreach (var line in File.ReadLines(path))
        {
            tokens.Add(line.TrimEnd());
            if (tokens.Count > MaximumCount)
                throw new InvalidDataException($"{path}: more than {MaximumCount} lines; expected a WordPiece vocabulary.");
        }
        try
        {
            return Checked(tokens, path);
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException(exception.Message.Split(" (Parameter", 2)[0], exception);
        }
    }
}
