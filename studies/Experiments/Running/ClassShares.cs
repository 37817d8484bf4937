using Experiments.Configuration;

namespace Experiments.Running;

/// <summary>Unpaired rows whose classes are not those of the other side: what data have that were gathered in two places.</summary>
internal static class ClassShares
{
    /// <summary>A row of a class that is rare on its side stays with one of so many.</summary>
    private const int OneOf = 5;

    /// <summary>Of so many classes B lacks one.</summary>
    private const int LackingOneOf = 3;

    /// <summary>Whether a kind needs the labels of the data.</summary>
    public static bool Asks(UnpairedRows kind) => kind is UnpairedRows.Skewed or UnpairedRows.Dropped;

    /// <summary>
    /// Skewed: half of the classes, chosen by the seed, keep one row of five in A's pool, the other half in B's. Dropped: B's pool lacks a
    /// third of the classes. Rows without a label stay. The order is kept.
    /// </summary>
    /// <exception cref="InvalidDataException">Fewer than two classes.</exception>
    public static (int[] A, int[] B) Choose(UnpairedRows kind, string data, int[] a, int[] b, IReadOnlyList<string> labels, int seed)
    {
        string[] classes = [.. labels.Where(label => label.Length > 0).Distinct().Order(StringComparer.Ordinal)];
        if (classes.Length < 2)
        {
            throw new InvalidDataException(
                $"Data \"{data}\": {kind.ToString().ToLowerInvariant()} unpaired rows need at least two classes, found {classes.Length}.");
        }

        new Random(seed).Shuffle(classes);
        if (kind == UnpairedRows.Dropped)
        {
            var lacking = classes[..((classes.Length + LackingOneOf - 1) / LackingOneOf)].ToHashSet();
            return (a, [.. b.Where(row => !lacking.Contains(labels[row]))]);
        }

        var first = classes[..(classes.Length / 2)].ToHashSet();
        var second = classes[(classes.Length / 2)..].ToHashSet();
        return (Thin(a, first), Thin(b, second));

        int[] Thin(int[] rows, HashSet<string> rare)
        {
            var seen = new Dictionary<string, int>();
            return [.. rows.Where(row =>
            {
                var label = labels[row];
                if (!rare.Contains(label))
                    return true;
                var number = seen.GetValueOrDefault(label);
                seen[label] = number + 1;
                return number % OneOf == 0;
            })];
        }
    }
}
