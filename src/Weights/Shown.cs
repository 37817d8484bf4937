namespace Microsoft.ML.GentleClip.Weights;

/// <summary>Texts from a file, fit to be shown in a message: one line, of bounded length.</summary>
internal static class Shown
{
    private const int MaximumLength = 120, MaximumListed = 20;

    /// <summary>One name, shortened and without control characters.</summary>
    public static string Name(string name)
    {
        var text = name.Length > MaximumLength ? name[..MaximumLength] + "..." : name;
        return string.Create(text.Length, text, (span, value) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = char.IsControl(value[i]) || char.IsSurrogate(value[i]) ? '?' : value[i];
        });
    }

    /// <summary>Names in quotes, the first twenty.</summary>
    public static string List(IReadOnlyCollection<string> names) => names.Count == 0
        ? "none"
        : string.Join(", ", names.Take(MaximumListed).Select(name => $"'{Name(name)}'"))
            + (names.Count > MaximumListed ? $" and {names.Count - MaximumListed} more" : "");
}
