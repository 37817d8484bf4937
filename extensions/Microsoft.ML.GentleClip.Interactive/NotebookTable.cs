using System.Globalization;
using System.Net;
using System.Text;

namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>
/// A table that a notebook shows as the value of a cell, as <c>text/html</c>. Numbers are written as in the invariant culture and stand on the right.
/// </summary>
[TypeFormatterSource(typeof(OutputFormatterSource), PreferredMimeTypes = [OutputFormatterSource.Html, OutputFormatterSource.Text])]
public sealed class NotebookTable
{
    private readonly string[] _headers;
    private readonly object?[][] _rows;

    /// <summary>A table of given cells.</summary>
    /// <param name="headers">One a column.</param>
    /// <param name="rows">As many cells a row as headers: numbers, texts, pictures; null for an empty cell; anything else by its <c>ToString</c>.</param>
    /// <exception cref="ArgumentException">A row has more or fewer cells than there are headers.</exception>
    public NotebookTable(IEnumerable<string> headers, IEnumerable<IReadOnlyList<object?>> rows)
    {
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentNullException.ThrowIfNull(rows);
        _headers = [.. headers];
        _rows = [.. rows.Select(row => row.ToArray())];
        int wrong = Array.FindIndex(_rows, row => row.Length != _headers.Length);
        if (wrong >= 0)
            throw new ArgumentException($"Row {wrong} has {_rows[wrong].Length} cells; expected {_headers.Length}, as many as headers.", nameof(rows));
    }

    /// <summary>Number of rows, without the headers.</summary>
    public int RowCount => _rows.Length;

    /// <summary>The table as an HTML element.</summary>
    public string Html
    {
        get
        {
            var html = new StringBuilder("<table><thead><tr>");
            for (int column = 0; column < _headers.Length; column++)
                html.Append(Open("th", IsNumeric(column))).Append(WebUtility.HtmlEncode(_headers[column])).Append("</th>");
            html.Append("</tr></thead><tbody>");
            foreach (object?[] row in _rows)
            {
                html.Append("\n<tr>");
                foreach (object? cell in row)
                    html.Append(Open("td", IsNumber(cell))).Append(CellHtml(cell)).Append("</td>");
                html.Append("</tr>");
            }
            return html.Append("\n</tbody></table>").ToString();
        }
    }

    /// <summary>The table as lines of text, columns aligned.</summary>
    public override string ToString()
    {
        string[][] lines = [_headers, .. _rows.Select(row => row.Select(CellText).ToArray())];
        int[] widths = [.. Enumerable.Range(0, _headers.Length).Select(column => lines.Max(line => line[column].Length))];
        return string.Join('\n',
            lines.Select(
                line =>
                    string.Join("  ", line.Select((cell, column) => IsNumeric(column) ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column])))
                        .TrimEnd()));
    }

    private static string Open(string tag, bool isNumber) => $"<{tag} style=\"text-align:{(isNumber ? "right" : "left")}\">";

    private static string CellHtml(object? cell) => cell is NotebookPicture picture
        ? $"<img width=\"{picture.Width}\" height=\"{picture.Height}\" alt=\"{WebUtility.HtmlEncode(picture.Description)}\" "
            + $"title=\"{WebUtility.HtmlEncode(picture.Description)}\" src=\"data:image/png;base64,{Convert.ToBase64String(picture.Png)}\">"
        : WebUtility.HtmlEncode(CellText(cell));

    private static string CellText(object? cell) => cell switch
    {
        null => "",
        double number => number.ToString(double.IsInteger(number) ? "0" : "0.###", CultureInfo.InvariantCulture),
        float number => CellText((double)number),
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        _ => cell.ToString() ?? "",
    };

    private bool IsNumeric(int column) => _rows.Length > 0 && _rows.All(row => row[column] is null || IsNumber(row[column]));

    private static bool IsNumber(object? cell) => cell is double or float or int or long or uint or ulong or short or ushort or byte or sbyte or decimal;
}
