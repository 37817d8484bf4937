using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Notebooks;

/// <summary>
/// Tells saved outputs from new ones. Seeds make them equal on one machine; another processor sums floats in another
/// order, and a training goes another way from there. Compared: which outputs a cell has and of which types, every text
/// with its numbers left out, and each number within a tolerance, unless the cell has a <see cref="ComparisonRule"/> of
/// its own. Not compared: times, the bytes of pictures (their names are), and where in a plot its marks lie.
/// </summary>
internal static partial class OutputComparison
{
    // Per cent of retrieval and the like move by some rows' worth; losses by some per cent; cosines and shares below 1 by tenths.
    private const double Absolute = 3, Relative = 0.15, BelowOne = 0.2;

    public static IEnumerable<string> Differences(
        IReadOnlyList<ComparisonRule> rules, IReadOnlyList<IReadOnlyList<CellOutput>> saved, IReadOnlyList<IReadOnlyList<CellOutput>> found) =>
        rules.Zip(saved, found).SelectMany((cell, i) => Differences(cell.First, cell.Second, cell.Third).Select(difference => $"cell {i + 1}: {difference}"));

    private static IEnumerable<string> Differences(ComparisonRule rule, IReadOnlyList<CellOutput> saved, IReadOnlyList<CellOutput> found)
    {
        string shapes = Shapes(saved), now = Shapes(found);
        if (shapes != now)
            return [$"saved outputs {shapes}; found {now}. Run with --update and look at what changed."];
        return saved.Zip(found)
            .SelectMany(output => output.First.Data.Select(data => Difference(rule, data.Key, data.Value, output.Second.Data[data.Key]))).OfType<string>();
    }

    private static string Shapes(IEnumerable<CellOutput> outputs) =>
        $"[{string.Join(", ", outputs.Select(output => $"{output.Kind} {string.Join(" + ", output.Data.Keys.Order(StringComparer.Ordinal))}"))}]";

    private static string? Difference(ComparisonRule rule, string type, string saved, string found)
    {
        (saved, found) = (Comparable(rule, type, saved), Comparable(rule, type, found));
        if (Number().Replace(saved, "#") != Number().Replace(found, "#"))
            return $"{type}: saved '{Around(saved, found)}'; found '{Around(found, saved)}'";
        foreach (var (before, after) in Number().Matches(saved).Zip(Number().Matches(found)))
            if (!Agree(rule.Numbers, before.Value, after.Value))
                return $"{type}: saved {before.Value} at '{Around(saved, before.Index)}'; found {after.Value}";
        return null;
    }

    private static string Comparable(ComparisonRule rule, string type, string text)
    {
        // Of a plot: what it says in words. Ticks are numbers, and there may be one more or fewer.
        if (type == "image/svg+xml" || text.Contains("<svg", StringComparison.Ordinal))
            text = Words(text);
        if (rule.Words == Strictness.Any && text.TrimEnd().Split('\n') is var lines)
            text = lines[0] + string.Concat(lines.Skip(1).Select(_ => "\n..."));
        text = Time().Replace(Bytes().Replace(text, "picture"), " time");
        // Columns of a text table are as wide as their numbers.
        return Blanks().Replace(text, " ");
    }

    private static bool Agree(Strictness strictness, string saved, string found)
    {
        double old = double.Parse(saved, CultureInfo.InvariantCulture), now = double.Parse(found, CultureInfo.InvariantCulture);
        return strictness switch
        {
            Strictness.Exact => old == now,
            Strictness.Close => Math.Abs(old - now) <= (Math.Max(Math.Abs(old), Math.Abs(now)) < 1 ? BelowOne : Math.Max(Absolute, Relative * Math.Abs(old))),
            _ => true,
        };
    }

    private static string Words(string svg) => string.Join('\n', Element().Split(svg).Select(text => text.Trim()).Where(text => text.Any(char.IsLetter)));

    private static string Around(string text, string other) => Around(text, text.Zip(other).TakeWhile(pair => pair.First == pair.Second).Count());

    private static string Around(string text, int at) => text[Math.Max(0, Math.Min(at, text.Length) - 30)..Math.Min(text.Length, at + 50)];

    [GeneratedRegex(@"(?<![\w#])-?\d+(\.\d+)?")]
    private static partial Regex Number();

    [GeneratedRegex(@" \d+((\.\d+)? (ms|s)|:\d\d(:\d\d)?)\b")]
    private static partial Regex Time();

    [GeneratedRegex(@"data:image/\w+;base64,[\w+/=]+")]
    private static partial Regex Bytes();

    [GeneratedRegex(" +")]
    private static partial Regex Blanks();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Element();
}
