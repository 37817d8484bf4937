using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tool;

/// <summary>One table: an id and numbers per row.</summary>
/// <param name="Path">The file.</param>
/// <param name="Features">Names of the columns of numbers.</param>
/// <param name="Rows">The rows.</param>
/// <param name="LeftOut">Columns that are not numbers, each with the first cell that says so.</param>
internal sealed record Table(string Path, string[] Features, IReadOnlyList<TableRow> Rows, IReadOnlyList<string> LeftOut)
{
    /// <summary>Reads a table. All columns of numbers are features, unless they are named.</summary>
    /// <param name="path">CSV or TSV, with a header.</param>
    /// <param name="id">Name of the id column.</param>
    /// <param name="features">Names of the features, in order; null for all columns of numbers.</param>
    /// <exception cref="ToolException">The file is not such a table; the message names file, line and column.</exception>
    public static Table Read(string path, string id, IReadOnlyList<string>? features = null)
    {
        RefuseOtherFormats(path);
        using var lines = DelimitedFile.Read(path).GetEnumerator();
        if (!lines.MoveNext())
            throw new ToolException($"{path} is empty; expected a header and rows.");
        var header = lines.Current.Cells.Select(name => name.Trim().TrimStart('\uFEFF')).ToArray();
        if (header.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ToolException($"{path} has two columns '{twice.Key}'; expected different names in the first line.");
        var idAt = Find(path, header, id);
        if (features?.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } again)
            throw new ToolException($"The column '{again.Key}' is named twice; expected each feature once.");
        if (features?.Contains(id) == true)
            throw new ToolException($"{path}: '{id}' is the column of ids and cannot be a feature as well.");
        int[] wanted = features is null
            ? [.. Enumerable.Range(0, header.Length).Where(column => column != idAt)]
            : [.. features.Select(name => Find(path, header, name))];
        var (ids, cells, text) = (new List<string>(), new List<float[]>(), new string?[header.Length]);
        while (lines.MoveNext())
        {
            var (line, row) = lines.Current;
            if (row.Length != header.Length)
                throw new ToolException($"{path}, line {line}: found {row.Length} cells; expected {header.Length}, as in the header.");
            ids.Add(row[idAt].Trim());
            cells.Add(Array.ConvertAll(wanted, column => Number(path, line, header[column], row[column], features is not null, ref text[column])));
        }
        if (ids.Count == 0)
            throw new ToolException($"{path} has a header and no rows.");
        // A column of nothing but empty cells says nothing; one that was asked for by name stays.
        foreach (var at in features is null ? Enumerable.Range(0, wanted.Length) : [])
            if (cells.All(row => float.IsNaN(row[at])))
                text[wanted[at]] ??= "all cells are empty";
        string[] leftOut = [.. wanted.Where(column => text[column] is not null).Select(column => $"'{header[column]}' ({text[column]})")];
        int[] kept = [.. Enumerable.Range(0, wanted.Length).Where(at => text[wanted[at]] is null)];
        if (kept.Length == 0)
            throw new ToolException(leftOut.Length == 0
                ? $"{path} has no column besides the id '{id}'; expected columns of numbers."
                : $"{path} has no column of numbers besides the id '{id}'; numbers are written as 1.5. Found: {FirstOf(leftOut, 5)}.");
        return new Table(path, [.. kept.Select(at => header[wanted[at]])],
            [.. ids.Zip(cells, (name, values) => new TableRow { Id = name, Values = Array.ConvertAll(kept, at => values[at]) })],
            leftOut);
    }

    /// <summary>The first few of several names, and whether there are more.</summary>
    public static string FirstOf(IReadOnlyCollection<string> names, int count) =>
        string.Join(", ", names.Take(count)) + (names.Count > count ? $" and {names.Count - count} more" : "");

    /// <summary>The column names of a file.</summary>
    public static string[] Header(string path)
    {
        RefuseOtherFormats(path);
        var header = DelimitedFile.Read(path).Select(line => line.Cells).FirstOrDefault()
            ?? throw new ToolException($"{path} is empty; expected a header and rows.");
        return [.. header.Select(name => name.Trim().TrimStart('\uFEFF'))];
    }

    /// <summary>The table as a view: the id, and the features in a vector column whose slots have their names.</summary>
    public IDataView ToView(MLContext mlContext, string columnName, IEnumerable<TableRow>? rows = null, string idName = nameof(TableRow.Id))
    {
        var schema = SchemaDefinition.Create(typeof(TableRow));
        schema[nameof(TableRow.Id)].ColumnName = idName;
        var column = schema[nameof(TableRow.Values)];
        column.ColumnName = columnName;
        column.ColumnType = new VectorDataViewType(NumberDataViewType.Single, Features.Length);
        column.AddAnnotation("SlotNames", new VBuffer<ReadOnlyMemory<char>>(Features.Length, [.. Features.Select(name => name.AsMemory())]),
            new VectorDataViewType(TextDataViewType.Instance, Features.Length));
        return mlContext.Data.LoadFromEnumerable(rows ?? Rows, schema);
    }

    private static int Find(string path, string[] header, string name) => Array.IndexOf(header, name) is >= 0 and var found
        ? found
        : throw new ToolException($"{path} has no column '{name}'. Columns: {FirstOf(header, 30)}.");

    private static float Number(string path, int line, string column, string cell, bool isNamed, ref string? text)
    {
        var trimmed = cell.Trim();
        if (trimmed.Length == 0 || trimmed.Equals("NaN", StringComparison.OrdinalIgnoreCase) || trimmed is "NA" or "null")
            return float.NaN;
        if (float.TryParse(trimmed, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && float.IsFinite(value))
            return value;
        if (isNamed)
            throw new ToolException($"{path}, line {line}, column '{column}': expected a number such as 1.5, found '{trimmed}'.");
        text ??= $"line {line}: '{trimmed}'";
        return float.NaN;
    }

    private static void RefuseOtherFormats(string path)
    {
        var name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        var extension = System.IO.Path.GetExtension(name).ToLowerInvariant();
        if (Directory.Exists(path) || extension is ".fasta" or ".fa" or ".faa" or ".pdb" or ".cif" or ".parquet" or ".xlsx" or ".h5ad")
            throw new ToolException($"'{path}' is no table that this command reads; expected a CSV or TSV file with a header, an id and columns of numbers.");
    }
}

/// <summary>A row of a table.</summary>
internal sealed class TableRow
{
    /// <summary>Empty where the row has none.</summary>
    public string Id { get; init; } = "";

    /// <summary>NaN where a cell is empty.</summary>
    public float[] Values { get; init; } = [];
}
