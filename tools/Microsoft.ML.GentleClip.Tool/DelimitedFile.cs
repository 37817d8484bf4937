using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Microsoft.ML.GentleClip.Tool;

/// <summary>Reads the cells of a file of comma, tab or semicolon separated values, quoted or not, gzipped or not.</summary>
internal static class DelimitedFile
{
    /// <summary>The rows with the numbers of their lines, the header first; empty lines are left out.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ToolException">A quote is not closed.</exception>
    public static IEnumerable<(int Line, string[] Cells)> Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file '{path}'.", path);
        using var file = File.OpenRead(path);
        using Stream content = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(content, Encoding.UTF8);
        char? separator = null;
        var line = 0;
        while (reader.ReadLine() is { } text)
        {
            var first = ++line;
            // A quoted cell may go over several lines.
            while (text.Count(letter => letter == '"') % 2 == 1)
            {
                if (reader.ReadLine() is not { } more)
                    throw new ToolException($"{path}, line {first}: a quote is not closed.");
                text += "\n" + more;
                line++;
            }
            if (string.IsNullOrWhiteSpace(text))
                continue;
            separator ??= SeparatorOf(text);
            yield return (first, [.. Cells(text, separator.Value)]);
        }
    }

    /// <summary>A cell, quoted where it must be.</summary>
    public static string Quote(string cell) =>
        cell.AsSpan().IndexOfAny(",\"\n\r") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A number as every program reads it.</summary>
    public static string Number(float value) => value.ToString(CultureInfo.InvariantCulture);

    // What is in the header most often.
    private static char SeparatorOf(string header) => ",\t;".MaxBy(candidate => header.Count(letter => letter == candidate));

    private static IEnumerable<string> Cells(string text, char separator)
    {
        var cell = new StringBuilder();
        var isQuoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '"' && isQuoted && i + 1 < text.Length && text[i + 1] == '"')
                cell.Append(text[i++]);
            else if (text[i] == '"')
                isQuoted = !isQuoted;
            else if (text[i] == separator && !isQuoted)
            {
                yield return cell.ToString();
                cell.Clear();
            }
            else
                cell.Append(text[i]);
        }
        yield return cell.ToString();
    }
}
