using System.Globalization;
using System.Text;
using Microsoft.ML.GentleClip.Programs;

namespace Microsoft.ML.GentleClip.Tool;

/// <summary>Reads the cells of a file of comma, tab or semicolon separated values, quoted or not, gzipped or not.</summary>
internal static class DelimitedFile
{
    // A byte that is no UTF-8 would become a sign that stands for any of them, and two ids would become one.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: true, throwOnInvalidBytes: true);

    /// <summary>The rows with the numbers of their lines, the header first; empty lines are left out.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ToolException">The file is no text, a quote is not closed, or text follows one; the message names file and line.</exception>
    public static IEnumerable<(int Line, string[] Cells)> Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file '{path}'.", path);
        using var reader = new StreamReader(GzipFile.Open(path), Strict);
        char? separator = null;
        var line = 0;
        while (Next() is { } text)
        {
            var first = line;
            if (string.IsNullOrWhiteSpace(text))
                continue;
            // Spreadsheets say so in a line of its own.
            if (separator is null && text.TrimEnd() is ['s', 'e', 'p', '=', (',' or ';') and var said])
            {
                separator = said;
                continue;
            }
            var cells = new CellReader(separator ??= SeparatorOf(text));
            // A quoted cell may go over several lines.
            while (!cells.TryRead(text))
                text = Next() ?? throw new ToolException($"{path}, line {first}: a quote is not closed.");
            if (cells.Problem is { } problem)
                throw new ToolException($"{path}, line {first}: {problem}.");
            yield return (first, [.. cells.Cells]);
        }

        string? Next()
        {
            try
            {
                var text = reader.ReadLine();
                line++;
                return text?.Contains('\0', StringComparison.Ordinal) == true
                    ? throw new ToolException($"{path}, line {line}: found a zero byte; expected text, in UTF-8.")
                    : text;
            }
            catch (DecoderFallbackException)
            {
                throw new ToolException($"{path}, behind line {line}: found bytes that are no UTF-8; save the file as text in UTF-8.");
            }
            catch (InvalidDataException problem)
            {
                throw new ToolException($"{path}, behind line {line}: {problem.Message}.");
            }
        }
    }

    /// <summary>Why a column of a header is the number of a row and no measurement, as programs write it unasked; null for others.</summary>
    public static string? IndexOf(string column) => column.Length == 0
        ? "a column without a name, as pandas and R write the numbers of rows"
        : column.StartsWith("Unnamed: ", StringComparison.Ordinal) && column[9..].All(char.IsAsciiDigit) ? "numbers of rows, as pandas names them" : null;

    /// <summary>A cell, quoted where it must be.</summary>
    public static string Quote(string cell) =>
        cell.AsSpan().IndexOfAny(",\"\n\r") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A number as every program reads it.</summary>
    public static string Number(float value) => value.ToString(CultureInfo.InvariantCulture);

    // What is in the header most often, outside of quotes.
    private static char SeparatorOf(string header)
    {
        var bare = string.Concat(header.Split('"').Where((_, part) => part % 2 == 0));
        return ",\t;".MaxBy(candidate => bare.Count(letter => letter == candidate));
    }

    /// <summary>Takes lines apart. A quote opens a cell only at its beginning: 5" in the middle of a cell is text.</summary>
    private sealed class CellReader(char separator)
    {
        private readonly StringBuilder _cell = new();
        private bool _isOpen;
        private bool _wasQuoted;

        public List<string> Cells { get; } = [];

        public string? Problem { get; private set; }

        /// <summary>Reads a line; false where the row goes on in the next one.</summary>
        public bool TryRead(string line)
        {
            for (var i = 0; i < line.Length; i++)
            {
                var letter = line[i];
                if (_isOpen && letter == '"' && i + 1 < line.Length && line[i + 1] == '"')
                    _cell.Append(line[i++]);
                else if (_isOpen && letter == '"')
                    (_isOpen, _wasQuoted) = (false, true);
                else if (_isOpen)
                    _cell.Append(letter);
                else if (letter == separator)
                    EndCell();
                else if (letter == '"' && !_wasQuoted && IsBlank())
                {
                    _isOpen = true;
                    _cell.Clear();
                }
                else if (!_wasQuoted)
                    _cell.Append(letter);
                else if (!char.IsWhiteSpace(letter))
                    Problem ??= $"found '{letter}' behind the closing quote of cell {Cells.Count + 1}; "
                        + $"expected the separator '{separator}', or a doubled quote";
            }
            if (_isOpen)
                _cell.Append('\n');
            else
                EndCell();
            return !_isOpen;
        }

        private bool IsBlank()
        {
            for (var i = 0; i < _cell.Length; i++)
                if (!char.IsWhiteSpace(_cell[i]) && _cell[i] != '\uFEFF')
                    return false;
            return true;
        }

        private void EndCell()
        {
            Cells.Add(_cell.ToString());
            _cell.Clear();
            _wasQuoted = false;
        }
    }
}
