using System.Globalization;
using System.Text;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Numbers and texts in fields of structure files, whatever the culture.</summary>
internal static class Field
{
    // Beyond this a float no longer resolves 0.1 angstrom; the largest entries of the archive span a few thousand.
    private const float LargestCoordinate = 1e6f;

    /// <summary>A coordinate in angstrom; the error says what was found.</summary>
    public static float Coordinate(ReadOnlySpan<byte> field, LineReader lines, string what) =>
        TryFloat(field, out var value) && Math.Abs(value) < LargestCoordinate
            ? value
            : throw lines.Error($"{what} is {Quote(field)}, expected a number between -1000000 and 1000000");

    /// <summary>An occupancy; 1 where the file gives none.</summary>
    public static float Occupancy(ReadOnlySpan<byte> field, LineReader lines, string what) =>
        field.Trim((byte)' ').IsEmpty ? 1
        : TryFloat(field, out var value) ? value
        : throw lines.Error($"{what} is {Quote(field)}, expected a number");

    /// <summary>A finite number.</summary>
    public static bool TryFloat(ReadOnlySpan<byte> field, out float value) =>
        float.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite(value);

    /// <summary>A whole number.</summary>
    public static bool TryInt(ReadOnlySpan<byte> field, out int value) =>
        int.TryParse(field, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture, out value);

    /// <summary>
    /// A whole number in four columns, or one above 9999 in hybrid-36: A000 to ZZZZ go on from 10000, a000 to zzzz from there.
    /// </summary>
    public static bool TryHybrid36(ReadOnlySpan<byte> field, out int value)
    {
        if (TryInt(field, out value))
            return true;
        if (field.Length != 4 || !char.IsAsciiLetter((char)field[0]))
            return false;
        var isUpper = char.IsAsciiLetterUpper((char)field[0]);
        value = 0;
        foreach (var symbol in field)
        {
            var letter = (char)symbol;
            if (!char.IsAsciiDigit(letter) && !(isUpper ? char.IsAsciiLetterUpper(letter) : char.IsAsciiLetterLower(letter)))
                return false;
            value = value * 36 + (char.IsAsciiDigit(letter) ? letter - '0' : char.ToUpperInvariant(letter) - 'A' + 10);
        }
        const int First = 10 * 36 * 36 * 36; // A000 in base 36
        value += 10_000 - First + (isUpper ? 0 : 26 * 36 * 36 * 36);
        return true;
    }

    /// <summary>A field for an error message: short, in quotes, in printable letters.</summary>
    public static string Quote(ReadOnlySpan<byte> field)
    {
        const int Longest = 40;
        var text = new StringBuilder("'");
        foreach (var symbol in field[..Math.Min(field.Length, Longest)])
            text.Append(symbol is >= (byte)' ' and < 127 ? (char)symbol : '?');
        return text.Append(field.Length > Longest ? "...'" : "'").ToString();
    }
}
