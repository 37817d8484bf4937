using System.Globalization;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>What looks like a mistake in the ids of a join.</summary>
internal static class JoinHints
{
    /// <summary>A warning where no id is on both sides, or where ids would be but for case, blanks, leading zeros or '.0'; null otherwise.</summary>
    public static string? Of(JoinIndex index, JoinKey a, JoinKey b)
    {
        var near = Near(index);
        var hasPairs = index.Ids.Any(entry => !index.A.RowsOf(entry.Value).IsEmpty && !index.B.RowsOf(entry.Value).IsEmpty);
        if (near.Count > 0)
            return string.Create(CultureInfo.InvariantCulture,
                $"{near.Count} ids of {a.View} and {b.View} differ in nothing but upper and lower case, blanks at the ends or leading zeros, ")
                + $"or a '.0' at the end, such as {near[0].A} and {near[0].B}: they are not pairs.{(hasPairs ? "" : " No id is on both sides.")}";
        if (hasPairs || index.A.Count == 0 || index.B.Count == 0)
            return null;
        return $"No id is on both sides: there are no pairs. {Example(a, index.A)}, {Example(b, index.B)}.";

        string Example(JoinKey key, JoinSide side)
        {
            var found = index.Ids.Where(entry => !side.RowsOf(entry.Value).IsEmpty).Select(entry => entry.Key.ToString()).Take(3).ToArray();
            return $"{key.View}, column '{key.Column.Name}', has {(found.Length == 0 ? "no id at all" : string.Join(", ", found))}";
        }
    }

    private static List<(JoinId A, JoinId B)> Near(JoinIndex index)
    {
        var ofA = new Dictionary<string, JoinId>();
        foreach (var (id, number) in index.Ids)
            if (id.Text is { } text && index.B.RowsOf(number).IsEmpty)
                ofA.TryAdd(Plain(text), id);
        return [.. index.Ids.Where(entry => entry.Key.Text is not null && index.A.RowsOf(entry.Value).IsEmpty)
            .Select(entry => (Found: ofA.TryGetValue(Plain(entry.Key.Text!), out var a), A: a, B: entry.Key))
            .Where(pair => pair.Found).Select(pair => (pair.A, pair.B))];
    }

    // A table of floating-point numbers writes 7 as 7.0.
    private static string Plain(string text)
    {
        var plain = text.Trim().ToUpperInvariant();
        if (plain.EndsWith(".0", StringComparison.Ordinal) && plain.AsSpan(0, plain.Length - 2).IndexOfAnyExceptInRange('0', '9') < 0)
            plain = plain[..^2];
        return plain.TrimStart('0');
    }
}
