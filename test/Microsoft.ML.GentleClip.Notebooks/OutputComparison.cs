using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Notebooks;

/// <summary>
/// Tells saved outputs from new ones. Seeds make them equal on one machine; another processor sums floats in another order, so numbers may differ a little.
/// Compared: which outputs a cell has and of which types, every text with its numbers left out, and each number within a tolerance. Not compared: times, and where in a picture its marks lie.
/// </summary>
internal static partial class OutputComparison
{
    // Per cent of retrieval and the like move by a few rows' worth; losses by some per cent.
    private const double Absolute = 3, Relative = 0.15;

    public static IEnumerable<string> Differences(IReadOnlyList<IReadOnlyList<CellOutput>> saved, IReadOnlyList<IReadOnlyList<CellOutput>> found) =>
        saved.Zip(found).SelectMany((cell, i) => Differences(cell.First, cell.Second).Select(difference => $"cell {i + 1}: {difference}"));

    private static IEnumerable<string> Differences(IReadOnlyList<CellOutput> saved, IReadOnlyList<CellOutput> found)
    {
        string shapes = Shapes(saved), now = Shapes(found);
        if (shapes != now)
            return [$"saved outputs {shapes}; found {now}. Run with --update and look at what changed."];
        return saved.Zip(found).SelectMany(output => output.First.Data.Select(data => Difference(data.Key, data.Value, output.Second.Data[data.Key]))).OfType<string>();
    }

    private static string Shapes(IEnumerable<CellOutput> outputs) =>
        $"[{string.Join(", ", outputs.Select(output => $"{output.Kind} {string.Join(" + ", output.Data.Keys.Order(StringComparer.Ordinal))}"))}]";

    private static string? Difference(string type, string saved, string found)
    {
        // Of a picture: what it says in words. Ticks are numbers, and there may be one more or fewer.
        if (type == "image/svg+xml" || saved.Contains("<svg", StringComparison.Ordinal))
            (saved, found) = (Words(saved), Words(found));
        (saved, found) = (Time().Replace(saved, " time"), Time().Replace(found, " time"));
        // Columns of a text table are as wide as their numbers.
        (saved, found) = (Blanks().Replace(saved, " "), Blanks().Replace(found, " "));
        if (Number().Replace(saved, "#") != Number().Replace(found, "#"))
            return $"{type}: saved '{Around(saved, found)}'; found '{Around(found, saved)}'";
        foreach (var (before, after) in Number().Matches(saved).Zip(Number().Matches(found)))
        {
            double old = double.Parse(before.Value, CultureInfo.InvariantCulture), now = double.Parse(after.Value, CultureInfo.InvariantCulture);
            if (Math.Abs(old - now) > Math.Max(Absolute, Relative * Math.Abs(old)))
                return $"{type}: saved {before.Value} at '{Around(saved, before.Index)}'; found {after.Value}";
        }
        return null;
    }

    private static string Words(string svg) => string.Join('\n', Element().Split(svg).Select(text => text.Trim()).Where(text => text.Any(char.IsLetter)));

    private static string Around(string text, string other) => Around(text, text.Zip(other).TakeWhile(pair => pair.First == pair.Second).Count());

    private static string Around(string text, int at) => text[Math.Max(0, Math.Min(at, text.Length) - 30)..Math.Min(text.Length, at + 50)];

    [GeneratedRegex(@"(?<![\w#])-?\d+(\.\d+)?")]
    private static partial Regex Number();

    [GeneratedRegex(@" \d+(\.\d+)? (ms|s)\b")]
    private static partial Regex Time();

    [GeneratedRegex(" +")]
    private static partial Regex Blanks();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Element();
}
