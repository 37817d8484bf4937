using System.Globalization;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>What is said of a row that cannot be read.</summary>
internal static class RowErrors
{
    /// <summary>A vector that is not as long as the column's type says.</summary>
    public static InvalidOperationException WrongLength(long row, string column, int found, int expected) =>
        WrongLength(row.ToString(CultureInfo.InvariantCulture), column, found, expected);

    /// <summary>The same of a row that <see cref="RowIdentity.Describe"/> names.</summary>
    public static InvalidOperationException WrongLength(string row, string column, int found, int expected) => new(string.Create(CultureInfo.InvariantCulture,
        $"Row {row}, column '{column}': the vector has {found} slots; expected {expected}, as the column's type says, or none for a sample that is absent."));
}
