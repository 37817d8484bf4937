namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>Hands out the typed getters of a row.</summary>
internal static class RowGetters
{
    /// <summary>The getter of a column as the asked type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is not active.</exception>
    /// <exception cref="InvalidOperationException">The column has another type.</exception>
    public static ValueGetter<TValue> Typed<TValue>(Delegate?[] getters, DataViewSchema.Column column)
    {
        if (column.Index >= getters.Length || getters[column.Index] is not { } getter)
            throw new ArgumentOutOfRangeException(nameof(column), column.Name, $"Column '{column.Name}' is not active in this cursor.");
        return getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"Column '{column.Name}': expected a getter of {column.Type.RawType}, asked for {typeof(TValue)}.");
    }
}
