using System.Globalization;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>The options behind a command, each a name and a value.</summary>
internal sealed class CommandLine
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">An option is unknown, given twice or without a value.</exception>
    public CommandLine(string command, IReadOnlyList<string> arguments, params string[] known)
    {
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (!known.Contains(arguments[i]))
                throw new ArgumentException($"Unknown option '{arguments[i]}'; {command} has {string.Join(", ", known)}.");
            if (i + 1 == arguments.Count || arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
                throw new ArgumentException($"{arguments[i]} needs a value.");
            if (!_values.TryAdd(arguments[i], arguments[i + 1]))
                throw new ArgumentException($"{arguments[i]} is given twice.");
        }
    }

    public string? Text(string name) => _values.GetValueOrDefault(name);

    /// <exception cref="ArgumentException">The value is no number, or below the smallest.</exception>
    public int Number(string name, int fallback, int smallest = 1) => !_values.TryGetValue(name, out var text) ? fallback
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= smallest ? number
        : throw new ArgumentException($"{name} expected a whole number of {smallest} or more, found '{text}'.");
}
