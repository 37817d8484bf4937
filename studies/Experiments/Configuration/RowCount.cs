using System.Globalization;

namespace Experiments.Configuration;

/// <summary>A number of rows as the configuration writes it: 20, "10%" or "all".</summary>
/// <param name="Text">As written.</param>
/// <param name="Rows">Rows, or null for a share.</param>
/// <param name="Share">Share of the rows there are, 0 to 1.</param>
internal sealed record RowCount(string Text, int? Rows, double Share)
{
    public static RowCount All { get; } = new("all", null, 1);

    public bool IsAll => Rows is null && Share == 1;

    public static RowCount Of(int rows) => new(rows.ToString(CultureInfo.InvariantCulture), rows, 0);

    /// <summary>Reads a number, a share above 0 % and up to 100 %, or "all"; null if the text is none of them.</summary>
    public static RowCount? Parse(string text) =>
        text == "all" ? All
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var rows) ? Of(rows)
        : text.EndsWith('%') && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share)
            && share is > 0 and <= 100
            ? (share == 100 ? All : new RowCount(text, null, share / 100))
            : null;

    /// <summary>The number of rows where there are <paramref name="available"/>; a fixed number is not cut to them.</summary>
    public int Of(long available, int smallest = 0) => Rows ?? Math.Max(smallest, (int)Math.Round(Share * available));

    public override string ToString() => Text;
}
