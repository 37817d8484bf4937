using Microsoft.ML.GentleClip.Programs;

namespace ProteinTasks.Data;

/// <summary>A row of a table: its cells, and how to say what is wrong with them.</summary>
internal sealed record TableRow(string File, int Line, string[] Cells)
{
    public InvalidDataException Malformed(string problem) => new($"{File}, line {Line}: {problem}.");
}

/// <summary>Reads text tables, tab separated, plain or gzip, whose first line starts with '#'.</summary>
internal static class Table
{
    /// <exception cref="InvalidDataException">The file is no such table; the message names file and line.</exception>
    public static IEnumerable<TableRow> Read(string file, int minimumColumns)
    {
        using var reader = new StreamReader(GzipFile.Open(file));
        int line = 0;
        while (Next() is { } text)
        {
            line++;
            var row = new TableRow(file, line, text.Split('\t'));
            if (line == 1 && !text.StartsWith('#'))
                throw row.Malformed($"expected a header that starts with '#', found '{text[..Math.Min(text.Length, 40)]}'");
            if (row.Cells.Length < minimumColumns)
                throw row.Malformed($"expected {minimumColumns} columns separated by tabs, or more, found {row.Cells.Length}");
            if (line > 1)
                yield return row;
        }
        if (line < 2)
            throw new InvalidDataException($"{file}, line {line + 1}: expected a header and rows, but the file ends.");

        string? Next()
        {
            try
            {
                return reader.ReadLine();
            }
            catch (InvalidDataException problem)
            {
                throw new InvalidDataException($"{file}, line {line + 1}: {problem.Message}.", problem);
            }
        }
    }
}
