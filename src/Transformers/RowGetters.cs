namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>Guards the typed getters of a row.</summary>
internal static class RowGetters
{
    /// <summary>Throws unless a column can be read as the asked type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is not active.</exception>
    /// <exception cref="InvalidOperationException">The column has another type.</exception>
    public static void Check<TValue>(DataViewSchema.Column column, bool active)
    {
        if (!active)
            throw new ArgumentOutOfRangeException(nameof(column), column.Name,
                $"Column '{column.Name}' is not active: it was not among the columns asked for.");
        if (column.Type.RawType != typeof(TValue))
            throw new InvalidOperationException($"Column '{column.Name}': expected a getter of {column.Type.RawType}, asked for {typeof(TValue)}.");
    }
}
