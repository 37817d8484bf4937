namespace Microsoft.ML.GentleClip.Data;

/// <summary>The columns of a joined view by their names there. The id column comes once, under A's name.</summary>
/// <param name="Id">Name of the id column.</param>
/// <param name="A">Columns of A, the id column among them.</param>
/// <param name="B">Columns of B without the id column.</param>
internal sealed record JoinedNames(
    string Id, IReadOnlyList<(string Name, DataViewSchema.Column Column)> A, IReadOnlyList<(string Name, DataViewSchema.Column Column)> B)
{
    /// <summary>Names the columns.</summary>
    /// <exception cref="ArgumentException">A name would be there twice.</exception>
    public static JoinedNames Of(JoinKey keyA, DataViewSchema a, JoinKey keyB, DataViewSchema b, ModalityJoinOptions options)
    {
        DataViewSchema.Column[] columnsA = [.. Visible(a)], columnsB = [.. Visible(b).Where(column => column.Index != keyB.Column.Index)];
        var shared = columnsA.Select(column => column.Name).Intersect(columnsB.Select(column => column.Name)).ToHashSet(StringComparer.Ordinal);
        if (shared.Count > 0 && string.IsNullOrEmpty(options.SuffixA) && string.IsNullOrEmpty(options.SuffixB))
            throw new ArgumentException(
                $"Both views have {(shared.Count == 1 ? "a column" : "columns")} {Quoted(shared)} besides the id. Rename or drop one of each, or set "
                + $"{nameof(ModalityJoinOptions)}.{nameof(ModalityJoinOptions.SuffixA)} and {nameof(ModalityJoinOptions.SuffixB)}.", keyB.View);
        var names = new JoinedNames(
            keyA.Column.Name,
            [.. columnsA.Select(column => (column.Index == keyA.Column.Index ? column.Name : Named(column, options.SuffixA), column))],
            [.. columnsB.Select(column => (Named(column, options.SuffixB), column))]);
        var twice = names.A.Concat(names.B).Select(column => column.Item1).Concat(options.PairedColumnName is { } paired ? [paired] : Array.Empty<string>())
            .GroupBy(name => name, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => group.Key).ToArray();
        return twice.Length == 0 ? names : throw new ArgumentException(
            $"The joined view would have more than one column {Quoted(twice)}. Choose other suffixes or another "
            + $"{nameof(ModalityJoinOptions.PairedColumnName)}, or rename or drop a column.", keyB.View);

        string Named(DataViewSchema.Column column, string? suffix) => shared.Contains(column.Name) ? column.Name + suffix : column.Name;
    }

    private static IEnumerable<DataViewSchema.Column> Visible(DataViewSchema schema) => schema.Where(column => !column.IsHidden);

    private static string Quoted(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
