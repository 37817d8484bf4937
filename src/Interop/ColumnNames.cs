namespace Microsoft.ML.GentleClip.Interop;

/// <summary>What to say of a column that is not there: which name is near, and which columns there are.</summary>
internal static class ColumnNames
{
    private const int Listed = 30;
    private const int LettersPerMistake = 3;

    /// <summary>The same of a schema's columns.</summary>
    public static string Describe(string wanted, DataViewSchema schema) =>
        Describe(wanted, schema.Where(column => !column.IsHidden).Select(column => column.Name));

    /// <summary>"Did you mean 'X'? Columns: X, Y."</summary>
    /// <param name="wanted">The name that is not there.</param>
    /// <param name="names">Those that are, in order.</param>
    public static string Describe(string wanted, IEnumerable<string> names)
    {
        string[] all = [.. names.Distinct(StringComparer.Ordinal)];
        if (all.Length == 0)
            return "There are no columns.";
        var more = all.Length > Listed ? $" and {all.Length - Listed} more" : "";
        return $"{(Nearest(wanted, all) is { } near ? $"Did you mean '{near}'? " : "")}Columns: {string.Join(", ", all.Take(Listed))}{more}.";
    }

    /// <summary>The name that is meant, perhaps: one mistake in three letters; upper and lower case are the same.</summary>
    public static string? Nearest(string wanted, IEnumerable<string> names)
    {
        var (best, least) = ((string?)null, wanted.Length / LettersPerMistake + 1);
        foreach (var name in names)
        {
            // The difference of the lengths is the least there can be; only near names are compared.
            var distance = Math.Abs(name.Length - wanted.Length);
            if (distance < least)
                distance = Distance(wanted.ToUpperInvariant(), name.ToUpperInvariant());
            if (distance < least)
                (best, least) = (name, distance);
        }
        return best;
    }

    /// <summary>Letters to insert, leave out or change.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var (diagonal, left) = (row[0], row[0] = i);
            for (var j = 1; j <= b.Length; j++)
            {
                left = Math.Min(diagonal + (a[i - 1] == b[j - 1] ? 0 : 1), Math.Min(left, row[j]) + 1);
                (diagonal, row[j]) = (row[j], left);
            }
        }
        return row[^1];
    }
}
