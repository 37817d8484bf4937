using System.Globalization;
using System.IO.Compression;

namespace FineTuningStart;

/// <summary>The same things in several tables of numbers.</summary>
/// <param name="Labels">What each is.</param>
/// <param name="Views">The tables by name, a row each.</param>
internal sealed record Digits(string[] Labels, IReadOnlyDictionary<string, float[][]> Views)
{
    /// <exception cref="InvalidDataException">A line is malformed; the message names it.</exception>
    public static Digits Read(string file)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        string[] names = [.. (reader.ReadLine() ?? throw new InvalidDataException($"{file} is empty; expected a heading.")).Split('\t').Skip(1)];
        var labels = new List<string>();
        var rows = names.ToDictionary(name => name, _ => new List<float[]>());
        while (reader.ReadLine() is { } line)
        {
            string[] cells = line.Split('\t');
            if (cells.Length != names.Length + 1)
                throw new InvalidDataException($"{file}, line {labels.Count + 2}: {cells.Length} columns; expected {names.Length + 1}.");
            labels.Add(cells[0]);
            foreach (var (name, cell) in names.Zip(cells.Skip(1)))
                rows[name].Add([.. cell.Split(' ').Select(number => float.Parse(number, CultureInfo.InvariantCulture))]);
        }
        return new Digits([.. labels], rows.ToDictionary(view => view.Key, view => view.Value.ToArray()));
    }
}
