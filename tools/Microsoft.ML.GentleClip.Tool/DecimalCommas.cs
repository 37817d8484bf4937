using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Tool;

/// <summary>Finds columns of numbers that are written with commas, 1,5 or 1,234.5, and would be left out as texts.</summary>
/// <param name="columns">How many columns there are.</param>
internal sealed partial class DecimalCommas(int columns)
{
    private readonly bool[] _hasComma = new bool[columns];
    private readonly bool[] _isText = new bool[columns];

    /// <summary>Looks at the columns of a row.</summary>
    public void Add(int[] wanted, string[] row)
    {
        foreach (int column in wanted)
        {
            string cell = row[column].Trim();
            if (_isText[column] || Table.IsMissing(cell))
                continue;
            if (WithComma().IsMatch(cell))
                _hasComma[column] = true;
            else if (!float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
                _isText[column] = true;
        }
    }

    /// <summary>Whether a column holds nothing but numbers, some of them with a comma.</summary>
    public bool Has(int column) => _hasComma[column] && !_isText[column];

    [GeneratedRegex(@"^[+-]?(\d+,\d+|\d{1,3}([.'’ \u00a0]\d{3})+,\d+|\d{1,3}(,\d{3})+\.\d+)([eE][+-]?\d+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex WithComma();
}
