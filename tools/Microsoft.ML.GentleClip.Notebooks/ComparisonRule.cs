using System.Text.Json.Nodes;

namespace Microsoft.ML.GentleClip.Notebooks;

/// <summary>How strictly a kind of output is compared.</summary>
internal enum Strictness
{
    /// <summary>Must be equal.</summary>
    Exact,

    /// <summary>Numbers may differ a little (<see cref="OutputComparison"/>).</summary>
    Close,

    /// <summary>Not compared: it depends on a training more than a reader may rely on.</summary>
    Any,
}

/// <summary>
/// What is compared of a cell. A cell that wants other than the usual says so in its metadata:
/// <c>"gentleclip": { "numbers": "exact" }</c> where nothing is trained, <c>{ "numbers": "any" }</c> for figures of a
/// few rows, <c>{ "words": "any" }</c> for names that a model chose.
/// </summary>
/// <param name="Numbers">Exact, close (the usual) or any; whether there is a number is compared always.</param>
/// <param name="Words">Exact (the usual) or any: then the first line, such as a table's headings, and the number of lines.</param>
internal sealed record ComparisonRule(Strictness Numbers, Strictness Words)
{
    private const string Key = "gentleclip";

    public static ComparisonRule Usual { get; } = new(Strictness.Close, Strictness.Exact);

    /// <param name="cell">A code cell.</param>
    /// <exception cref="InvalidDataException">The metadata say something else.</exception>
    public static ComparisonRule Of(JsonObject cell)
    {
        var rule = Usual;
        foreach (var (name, value) in cell["metadata"]?[Key]?.AsObject() ?? [])
            rule = (name, (string?)value) switch
            {
                ("numbers", "exact") => rule with { Numbers = Strictness.Exact },
                ("numbers", "close") => rule with { Numbers = Strictness.Close },
                ("numbers", "any") => rule with { Numbers = Strictness.Any },
                ("words", "exact") => rule with { Words = Strictness.Exact },
                ("words", "any") => rule with { Words = Strictness.Any },
                _ => throw new InvalidDataException($"The metadata '{Key}' of a cell say '{name}': {value?.ToJsonString()}; "
                    + "expected 'numbers' (exact, close or any) or 'words' (exact or any)."),
            };
        return rule;
    }
}
