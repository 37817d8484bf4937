using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Reads whole views and rows, every column hidden ones included, into values that compare bit by bit.</summary>
internal static class ViewValues
{
    private static readonly MethodInfo OpenTyped = ((Func<DataViewRow, DataViewSchema.Column, Func<object>>)Open<int>).Method.GetGenericMethodDefinition();
    private static readonly MethodInfo OpenVectorTyped =
        ((Func<DataViewRow, DataViewSchema.Column, Func<object>>)OpenVector<int>).Method.GetGenericMethodDefinition();

    /// <summary>All rows of a view: per row one value per column.</summary>
    public static List<object[]> Read(IDataView view)
    {
        using var cursor = view.GetRowCursor(view.Schema);
        var getters = Getters(cursor);
        var rows = new List<object[]>();
        while (cursor.MoveNext())
            rows.Add(Array.ConvertAll(getters, getter => getter()));
        return rows;
    }

    /// <summary>A reader per column of a row or cursor.</summary>
    public static Func<object>[] Getters(DataViewRow row) => [.. row.Schema.Select(column => Getter(row, column))];

    public static void AssertBitEqual(List<object[]> expected, List<object[]> actual)
    {
        Assert.HasCount(expected.Count, actual);
        for (var row = 0; row < expected.Count; row++)
        {
            Assert.HasCount(expected[row].Length, actual[row]);
            for (var column = 0; column < expected[row].Length; column++)
                Assert.AreEqual(Bits(expected[row][column]), Bits(actual[row][column]), $"row {row}, column {column}");
        }
    }

    /// <summary>The value as text that differs whenever a bit does.</summary>
    private static string Bits(object value) => value switch
    {
        float[] numbers => string.Join(' ', numbers.Select(BitConverter.SingleToUInt32Bits)),
        double[] numbers => string.Join(' ', numbers.Select(BitConverter.DoubleToUInt64Bits)),
        float number => BitConverter.SingleToUInt32Bits(number).ToString(),
        double number => BitConverter.DoubleToUInt64Bits(number).ToString(),
        Array items => string.Join(' ', items.Cast<object>()),
        _ => value.ToString()!,
    };

    private static Func<object> Getter(DataViewRow row, DataViewSchema.Column column) => (Func<object>)(column.Type is VectorDataViewType vector
        ? OpenVectorTyped.MakeGenericMethod(vector.ItemType.RawType)
        : OpenTyped.MakeGenericMethod(column.Type.RawType)).Invoke(null, [row, column])!;

    private static Func<object> Open<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<T>(column);
        return () =>
        {
            T value = default!;
            getter(ref value);
            return value is ReadOnlyMemory<char> text ? text.ToString() : value!;
        };
    }

    private static Func<object> OpenVector<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<VBuffer<T>>(column);
        return () =>
        {
            VBuffer<T> value = default;
            getter(ref value);
            return value.DenseValues().ToArray();
        };
    }
}
