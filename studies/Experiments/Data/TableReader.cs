using System.Globalization;

namespace Experiments.Data;

/// <summary>
/// A table with tabs between its columns and a header line (a leading # is left out), gzipped or not. The columns of A and B hold numbers with blanks
/// between; an empty one means that the row lacks that side.
/// </summary>
internal static class TableReader
{
    public static TwoViewData Read(DataSource source)
    {
        source.Refuse((source.Config.ImageSize, "imageSize"), (source.Config.MinimumWordRows, "minimumWordRows"));
        var file = source.File();
        using var reader = DataSource.OpenText(file);
        string[] header = (reader.ReadLine() ?? throw new InvalidDataException($"{file}: the file is empty.")).TrimStart('#').Split('\t');
        var (columnA, columnB) = (Column(source.Config.ColumnA, "columnA")!.Value, Column(source.Config.ColumnB, "columnB")!.Value);
        int? labelColumn = source.Config.LabelColumn is null ? null : Column(source.Config.LabelColumn, "labelColumn");

        var (a, b, labels) = (new List<float[]?>(), new List<float[]?>(), new List<string>());
        for (var number = 2; reader.ReadLine() is { } line; number++)
        {
            if (line.Length == 0)
                continue;
            string[] cells = line.Split('\t');
            if (cells.Length != header.Length)
                throw new InvalidDataException($"{file}, line {number}: expected {header.Length} columns as in the header, found {cells.Length}.");
            a.Add(Numbers(cells[columnA], a, columnA, number));
            b.Add(Numbers(cells[columnB], b, columnB, number));
            labels.Add(labelColumn is { } label ? cells[label].Trim() : "");
        }

        if (a.All(row => row is null) || b.All(row => row is null))
            throw new InvalidDataException($"{file}: column {header[a.All(row => row is null) ? columnA : columnB]} has no values.");
        return source.Result([.. a], [.. b], labelColumn is null ? null : [.. labels]);

        int? Column(string? name, string key)
        {
            var index = Array.IndexOf(header, source.Required(name, key));
            return index >= 0 ? index : throw source.Error(key, $"{file} has no column \"{name}\"; it has {string.Join(", ", header)}");
        }

        float[]? Numbers(string text, List<float[]?> former, int column, int line)
        {
            string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 0)
                return null;
            var width = former.Find(row => row is not null)?.Length ?? parts.Length;
            if (parts.Length != width)
                throw new InvalidDataException(
                    $"{file}, line {line}, column {header[column]}: expected {width} numbers as in the rows above, found {parts.Length}.");
            return Array.ConvertAll(parts,
                part => float.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && float.IsFinite(value)
                ? value
                : throw new InvalidDataException($"{file}, line {line}, column {header[column]}: expected a number, found \"{part}\"."));
        }
    }
}
