using System.Globalization;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// Residue numbers of PDB files, for which the format has four columns. Above 9999 some programs use the columns behind, some hybrid-36,
/// some hexadecimal numbers (VMD), and some give up and write asterisks.
/// </summary>
internal sealed class PdbNumbers
{
    private const int LargestInFourColumns = 9_999, FarthestNext = 1_000;

    private bool _areHexadecimal;
    private byte _lastChain;
    private int _last;
    private byte _lastAlternateLocation;

    /// <summary>A letter, or 0 for a blank.</summary>
    public static char Letter(byte symbol) => symbol == ' ' ? '\0' : (char)symbol;

    /// <summary>Reads number and insertion code of an atom record.</summary>
    /// <param name="line">The record, with 30 columns or more.</param>
    /// <param name="number">The number.</param>
    /// <param name="end">Index behind number and insertion code.</param>
    /// <param name="isRepaired">Whether the number is not what stands there.</param>
    public bool TryRead(ReadOnlySpan<byte> line, out ResidueNumber number, out int end, out bool isRepaired)
    {
        var chain = line[21];
        var field = line[22..26];
        var isSameChain = chain == _lastChain;
        (number, end, isRepaired) = (default, 27, false);
        int value;
        if (field.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && char.IsAsciiDigit((char)line[26]))
        {
            end = 26;
            while (end < 30 && char.IsAsciiDigit((char)line[end]))
                end++;
            if (!Field.TryInt(line[22..end], out value))
                return false;
            number = new(value);
        }
        else
        {
            if (field.SequenceEqual("****"u8))
            {
                var isOther = line[16] != ' ' && line[16] != _lastAlternateLocation && _lastAlternateLocation != ' '; // of the same residue
                (value, isRepaired) = (isSameChain ? _last + (isOther ? 0 : 1) : 1, true);
            }
            else if (!TryRead(field, isSameChain ? _last : 0, out value, out isRepaired))
            {
                return false;
            }
            number = new(value, Letter(line[26]));
        }
        (_lastChain, _last, _lastAlternateLocation) = (chain, value, line[16]);
        return true;
    }

    private bool TryRead(ReadOnlySpan<byte> field, int last, out int value, out bool isRepaired)
    {
        isRepaired = false;
        var isHexadecimal = int.TryParse(field, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hexadecimal)
            && hexadecimal > LargestInFourColumns;
        if (Field.TryInt(field, out value))
        {
            _areHexadecimal |= isHexadecimal && last == LargestInFourColumns && hexadecimal == last + 1;
            isRepaired = _areHexadecimal && isHexadecimal && hexadecimal >= last && hexadecimal - last < FarthestNext;
        }
        else
        {
            // Hybrid-36 numbers begin with a letter, hexadecimal ones with a digit up to 40959.
            _areHexadecimal |= isHexadecimal && char.IsAsciiDigit((char)field[0]);
            isRepaired = isHexadecimal && (char.IsAsciiDigit((char)field[0]) || (_areHexadecimal && hexadecimal >= last && hexadecimal - last < FarthestNext));
            if (!isRepaired)
                return Field.TryHybrid36(field, out value);
        }
        if (isRepaired)
            value = hexadecimal;
        return true;
    }
}
