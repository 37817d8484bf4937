using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Names of the slots of vector columns.</summary>
internal static class SlotNames
{
    /// <summary>A column's names; null where it has none or not as many.</summary>
    public static string[]? Of(DataViewSchema.Column column, int size)
    {
        if (!column.HasSlotNames(size))
            return null;
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    /// <summary>A column's name with a number, from 0, as ML.NET names slots that come from a vector: <c>Embedding.0</c>.</summary>
    public static string[] Numbered(string column, int size) =>
        [.. Enumerable.Range(0, size).Select(slot => string.Create(CultureInfo.InvariantCulture, $"{column}.{slot}"))];

    /// <summary>Annotations that name slots; none for null.</summary>
    public static DataViewSchema.Annotations ToAnnotations(string[]? names)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        if (names is not null)
        {
            var slots = Array.ConvertAll(names, name => name.AsMemory());
            builder.AddSlotNames(slots.Length,
                (ref VBuffer<ReadOnlyMemory<char>> target) => new VBuffer<ReadOnlyMemory<char>>(slots.Length, slots).CopyTo(ref target));
        }
        return builder.ToAnnotations();
    }
}
