using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Microsoft.ML.GentleClip.Programs;

/// <summary>
/// The kinds of options that the command lines of this repository have. Each message about a wrong value names the option; of an option that is given twice,
/// the last value counts.
/// </summary>
public static class CommandOption
{
    /// <summary>An option that is there or not.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>A text, such as the name of a file.</summary>
    /// <param name="name">With its dashes.</param>
    /// <param name="value">What the help calls the value.</param>
    /// <param name="description">What the help says.</param>
    /// <param name="fallback">Without the option; null for nothing.</param>
    public static Option<string?> Text(string name, string value, string description, string? fallback = null)
    {
        var option = new Option<string?>(name)
        {
            HelpName = value,
            Description = description,
            Arity = ArgumentArity.OneOrMore,
            CustomParser = result => result.Tokens[^1].Value,
        };
        if (fallback is not null)
            option.DefaultValueFactory = _ => fallback;
        option.Validators.Add(RefuseOptions);
        return option;
    }

    /// <summary>A whole number with a default.</summary>
    /// <param name="name">With its dashes.</param>
    /// <param name="value">What the help calls the value.</param>
    /// <param name="description">What the help says.</param>
    /// <param name="fallback">Without the option.</param>
    /// <param name="smallest">The smallest that is taken.</param>
    /// <param name="largest">The largest that is taken.</param>
    public static Option<int> Number(string name, string value, string description, int fallback, int smallest = 1, int largest = int.MaxValue) => new(name)
    {
        HelpName = value,
        Description = description,
        Arity = ArgumentArity.OneOrMore,
        DefaultValueFactory = _ => fallback,
        CustomParser = result => ParseNumber(result, name, smallest, largest) ?? fallback,
    };

    /// <summary>A whole number above 0, or nothing without the option.</summary>
    /// <param name="name">With its dashes.</param>
    /// <param name="value">What the help calls the value.</param>
    /// <param name="description">What the help says.</param>
    public static Option<int?> OptionalNumber(string name, string value, string description) => new(name)
    {
        HelpName = value,
        Description = description,
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result => ParseNumber(result, name, smallest: 1, largest: int.MaxValue),
    };

    /// <summary>A value that is read by a function.</summary>
    /// <typeparam name="T">The value's type.</typeparam>
    /// <param name="name">With its dashes.</param>
    /// <param name="value">What the help calls the value.</param>
    /// <param name="description">What the help says.</param>
    /// <param name="read">Reads the text; an <see cref="ArgumentException"/> says what is wrong with it.</param>
    public static Option<T?> Of<T>(string name, string value, string description, Func<string, T> read) => new(name)
    {
        HelpName = value,
        Description = description,
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result =>
        {
            try
            {
                return read(result.Tokens[^1].Value);
            }
            catch (ArgumentException problem)
            {
                result.AddError(problem.Message);
                return default;
            }
        },
    };

    /// <summary>Names separated by commas.</summary>
    /// <typeparam name="T">What a name stands for.</typeparam>
    /// <param name="name">With its dashes.</param>
    /// <param name="value">What the help calls the value.</param>
    /// <param name="description">What the help says.</param>
    /// <param name="named">Finds what a name stands for; an <see cref="ArgumentException"/> says that there is none.</param>
    public static Option<IReadOnlyList<T>?> List<T>(string name, string value, string description, Func<string, T> named) =>
        Of<IReadOnlyList<T>>(name, value, description, text => [.. text.Split(',', StringSplitOptions.TrimEntries).Select(named)]);

    /// <summary>Refuses options beside one that makes them void: what changes nothing was meant to change something.</summary>
    /// <param name="command">The command that has all of them.</param>
    /// <param name="option">The option that is given.</param>
    /// <param name="others">Those that say nothing then.</param>
    public static void Excludes(this Command command, Option option, params IReadOnlyList<Option> others) => command.Validators.Add(result =>
    {
        if (result.GetResult(option) is not { Implicit: false })
            return;
        foreach (var other in others)
            if (result.GetResult(other) is { Implicit: false })
                result.AddError($"{option.Name} and {other.Name} exclude each other.");
    });

    private static int? ParseNumber(ArgumentResult result, string name, int smallest, int largest)
    {
        var text = result.Tokens[^1].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= smallest && number <= largest)
            return number;
        var range = largest < int.MaxValue ? $"from {smallest} to {largest}" : smallest == 1 ? "above 0" : $"of {smallest} or more";
        result.AddError($"{name} needs a whole number {range}, found '{text}'.");
        return null;
    }

    // A misspelt option behind one that lacks its value would be taken for the value.
    private static void RefuseOptions(OptionResult result)
    {
        if (result.Tokens.FirstOrDefault(token => token.Value.StartsWith("--", StringComparison.Ordinal)) is { } token)
            result.AddError($"{result.IdentifierToken?.Value} needs a value, found '{token.Value}'.");
    }
}
