using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tool;

/// <summary>What one side is read from: an id per row, and numbers, a sequence or a structure.</summary>
/// <param name="Path">The file.</param>
/// <param name="Kind">What the rows hold.</param>
/// <param name="Features">Names of the columns of numbers; none for sequences and structures.</param>
/// <param name="Rows">The rows.</param>
/// <param name="LeftOut">Columns that are not numbers, each with the first cell that says so.</param>
/// <param name="Indices">Columns that number the rows and measure nothing, each with what says so.</param>
internal sealed record Table(
    string Path, SideKind Kind, string[] Features, IReadOnlyList<TableRow> Rows, IReadOnlyList<string> LeftOut, IReadOnlyList<string> Indices)
{
    private const int RowsNamed = 3;
    private const string EmptyColumn = "all cells are empty";

    /// <summary>What a line of the file is called: a line of a text file, a row of Parquet, a record of a protein file.</summary>
    public string LineWord => Kind != SideKind.Numbers ? "record" : ParquetTable.Is(Path) ? "row" : "line";

    /// <summary>Reads a table. All columns of numbers are features, unless they are named, but for columns that number the rows.</summary>
    /// <param name="path">CSV or TSV with a header, or Parquet.</param>
    /// <param name="id">Name of the id column.</param>
    /// <param name="features">Names of the features, in order; null for all columns of numbers.</param>
    /// <exception cref="ToolException">The file is not such a table; the message names file, line and column.</exception>
    public static Table Read(string path, string id, IReadOnlyList<string>? features = null)
    {
        RefuseOtherFormats(path);
        string line0 = ParquetTable.Is(path) ? "row" : "line";
        using var lines = LinesOf(path, id).GetEnumerator();
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
        // Asked for by name, it is a feature like any other.
        string?[] indices = features is null ? IndicesOf(path, header) : new string?[header.Length];
        int[] wanted = features is null
            ? [.. Enumerable.Range(0, header.Length).Where(column => column != idAt && indices[column] is null)]
            : [.. features.Select(name => Find(path, header, name))];
        var (rows, cells, text) = (new List<(int Line, string Id)>(), new List<float[]>(), new string?[header.Length]);
        var (commas, hasIndex) = (new DecimalCommas(header.Length), new bool[header.Length]);
        while (lines.MoveNext())
        {
            var (line, row) = lines.Current;
            if (row.Length != header.Length)
                throw new ToolException($"{path}, {line0} {line}: found {row.Length} cells; expected {header.Length}, as in the header.");
            rows.Add((line, row[idAt].Trim()));
            commas.Add(wanted, row);
            for (int column = 0; column < header.Length; column++)
                hasIndex[column] |= indices[column] is not null && !IsMissing(row[column].Trim());
            cells.Add(Array.ConvertAll(wanted, column => Number(path, $"{line0} {line}", header[column], row[column], features is not null, ref text[column])));
        }
        if (rows.Count == 0)
            throw new ToolException($"{path} has a header and no rows.");
        // Left out, they would hardly be missed.
        string[] withCommas = [.. wanted.Where(commas.Has).Select(column => $"'{header[column]}' ({text[column]})")];
        if (withCommas.Length > 0)
            throw new ToolException($"{path} has numbers with commas; expected a point before the decimals and nothing between thousands, such as 1234.5. "
                + $"Found: {FirstOf(withCommas, 5)}. Save them so, or name the columns to learn from.");
        // A column of nothing but empty cells says nothing; one that was asked for by name stays.
        foreach (var at in features is null ? Enumerable.Range(0, wanted.Length) : [])
            if (cells.All(row => float.IsNaN(row[at])))
                text[wanted[at]] ??= EmptyColumn;
        string[] numbering = [.. Enumerable.Range(0, header.Length).Where(column => column != idAt && indices[column] is not null)
            .Select(column => $"'{header[column]}' ({(hasIndex[column] ? indices[column] : EmptyColumn)})")];
        // One cell of many is more likely a slip than a text.
        string[] leftOut = [.. Enumerable.Range(0, wanted.Length).Where(at => text[wanted[at]] is not null)
            .Select(at => (Column: wanted[at], Numbers: cells.Count(row => !float.IsNaN(row[at]))))
            .Select(column => $"'{header[column.Column]}' ({text[column.Column]}"
                + (column.Numbers == 0 ? ")" : string.Create(CultureInfo.InvariantCulture, $"; {column.Numbers} of {cells.Count} cells are numbers)")))];
        int[] kept = [.. Enumerable.Range(0, wanted.Length).Where(at => text[wanted[at]] is null)];
        if (kept.Length == 0)
            throw new ToolException(leftOut.Length + numbering.Length == 0
                ? $"{path} has no column besides the id '{id}'; expected columns of numbers."
                : $"{path} has no column of numbers besides the id '{id}'; numbers are written as 1.5. Found: {FirstOf([.. leftOut, .. numbering], 5)}.");
        return new Table(path, SideKind.Numbers, [.. kept.Select(at => header[wanted[at]])],
            [.. rows.Zip(cells, (row, values) => new TableRow { Id = row.Id, Line = row.Line, Values = Array.ConvertAll(kept, at => values[at]) })],
            leftOut, numbering);
    }

    /// <summary>What is wrong with the ids of a table that is used all the same: some are lacking, some are there more than once.</summary>
    public IEnumerable<string> IdRemarks()
    {
        TableRow[] without = [.. Rows.Where(row => row.Id.Length == 0)];
        if (without.Length > 0)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{Path}: {without.Length} of {Rows.Count} rows have no id, the first in {LineWord} {without[0].Line}");
        var repeated = Repeated();
        if (repeated.Count > 0)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{Path}: {repeated.Count} ids are there more than once, such as {repeated.First().Value}");
    }

    /// <summary>The ids that more than one row has, and where they are, in words.</summary>
    public IReadOnlyDictionary<string, string> Repeated() => Rows.Where(row => row.Id.Length > 0).GroupBy(row => row.Id, StringComparer.Ordinal)
        .Where(group => group.Skip(1).Any())
        .ToDictionary(group => group.Key, group => $"'{group.Key}' in {LineWord}s {FirstOf(
            [.. group.Select(row => row.Line.ToString(CultureInfo.InvariantCulture))], RowsNamed)}", StringComparer.Ordinal);

    /// <summary>Whether a cell, without blanks around, stands for no value.</summary>
    public static bool IsMissing(string cell) => cell.Length == 0 || cell.Equals("NaN", StringComparison.OrdinalIgnoreCase) || cell is "NA" or "null";

    /// <summary>Whether every row holds the same numbers, from which nothing can be learnt.</summary>
    public bool IsConstant => Kind == SideKind.Numbers && Rows.Count > 1
        && Enumerable.Range(0, Features.Length)
            .All(slot => Rows.Select(row => row.Values[slot]).Where(value => !float.IsNaN(value)).Distinct().Take(2).Count() < 2);

    /// <summary>The first few of several names, and whether there are more.</summary>
    public static string FirstOf(IReadOnlyCollection<string> names, int count) =>
        string.Join(", ", names.Take(count)) + (names.Count > count ? $" and {names.Count - count} more" : "");

    /// <summary>The column names of a file.</summary>
    public static string[] Header(string path)
    {
        RefuseOtherFormats(path);
        var header = LinesOf(path, null).Select(line => line.Cells).FirstOrDefault()
            ?? throw new ToolException($"{path} is empty; expected a header and rows.");
        return [.. header.Select(name => name.Trim().TrimStart('\uFEFF'))];
    }

    /// <summary>
    /// The rows as a view: the id, and a column of what they hold: the features as a vector whose slots have their names, the sequence as text, or the alpha
    /// carbons as a vector of any length.
    /// </summary>
    public IDataView ToView(MLContext mlContext, string columnName, IEnumerable<TableRow>? rows = null, string idName = nameof(TableRow.Id))
    {
        var schema = SchemaDefinition.Create(typeof(TableRow));
        schema[nameof(TableRow.Id)].ColumnName = idName;
        schema.Remove(schema[Kind == SideKind.Sequences ? nameof(TableRow.Values) : nameof(TableRow.Sequence)]);
        var column = schema[Kind == SideKind.Sequences ? nameof(TableRow.Sequence) : nameof(TableRow.Values)];
        column.ColumnName = columnName;
        if (Kind == SideKind.Numbers)
        {
            column.ColumnType = new VectorDataViewType(NumberDataViewType.Single, Features.Length);
            column.AddAnnotation("SlotNames", new VBuffer<ReadOnlyMemory<char>>(Features.Length, [.. Features.Select(name => name.AsMemory())]),
                new VectorDataViewType(TextDataViewType.Instance, Features.Length));
        }
        return mlContext.Data.LoadFromEnumerable(rows ?? Rows, schema);
    }

    private static IEnumerable<(int Line, string[] Cells)> LinesOf(string path, string? id) =>
        ParquetTable.Is(path) ? ParquetTable.Read(path, id) : DelimitedFile.Read(path);

    private static string?[] IndicesOf(string path, string[] header)
    {
        var pandas = ParquetTable.Is(path) ? ParquetTable.IndexColumns(path) : [];
        return Array.ConvertAll(header, column => pandas.Contains(column) ? "the index of pandas" : DelimitedFile.IndexOf(column));
    }

    private static int Find(string path, string[] header, string name) => Array.IndexOf(header, name) is >= 0 and var found
        ? found
        : throw new ToolException($"{path} has no column '{name}'. Columns: {FirstOf(header, 30)}.{Hint(header, name)}");

    // What is most often behind it.
    private static string Hint(string[] header, string name) =>
        Array.Find(header, column => column.TrimStart('#', ' ').Equals(name, StringComparison.OrdinalIgnoreCase)) is { } near ? $" Did you mean '{near}'?"
        : header[0].StartsWith('#') ? " There are no comments in such a table: the first line holds the names of the columns."
        : header.Length == 1 && header[0].AsSpan().ContainsAny('|', ' ', ':') ? " Between columns, commas, tabs or semicolons are expected."
        : header.Length > 1 && header.Skip(1).All(IsNumber) ? " The first line looks like a row; expected the names of the columns."
        : "";

    private static bool IsNumber(string cell) => float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static float Number(string path, string line, string column, string cell, bool isNamed, ref string? text)
    {
        var trimmed = cell.Trim();
        if (IsMissing(trimmed))
            return float.NaN;
        if (float.TryParse(trimmed, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && float.IsFinite(value))
            return value;
        if (isNamed)
            throw new ToolException($"{path}, {line}, column '{column}': expected a number such as 1.5, found '{trimmed}'"
                + (float.TryParse(trimmed, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? ", which 32 bits do not hold." : "."));
        text ??= $"{line}: '{trimmed}'";
        return float.NaN;
    }

    private static void RefuseOtherFormats(string path)
    {
        if (path.AsSpan().ContainsAny('*', '?') && !File.Exists(path))
            throw new ToolException($"'{path}' is a pattern, which may stand for protein files only; expected one table.");
        var name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        if (System.IO.Path.GetExtension(name).ToLowerInvariant() is ".xlsx" or ".h5ad" or ".feather" or ".zip" || name != path && ParquetTable.Is(name))
            throw new ToolException(
                $"'{path}' is of no format that this command reads; expected CSV or TSV with a header, Parquet, FASTA or protein structures.");
    }
}

/// <summary>A row of a table.</summary>
internal sealed class TableRow
{
    /// <summary>Its line in the file, from 1; of other files than text, its number.</summary>
    [NoColumn]
    public int Line { get; init; }

    /// <summary>Empty where the row has none.</summary>
    public string Id { get; init; } = "";

    /// <summary>Amino acids of a sequence; empty for other rows.</summary>
    public string Sequence { get; init; } = "";

    /// <summary>NaN where a cell is empty; of a structure, x, y and z of each alpha carbon.</summary>
    public float[] Values { get; init; } = [];
}
