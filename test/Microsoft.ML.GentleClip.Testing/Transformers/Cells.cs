using System.Globalization;
using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>Writes the value of any column as text that tells apart whatever the getter's result tells apart.</summary>
internal static class Cells
{
    private static readonly MethodInfo Typed = ((Func<DataViewRow, DataViewSchema.Column, Func<string>>)Reader<int>).Method.GetGenericMethodDefinition();

    /// <summary>Opens the column's getter; each call fetches into a fresh value.</summary>
    public static Func<string> Reader(DataViewRow row, DataViewSchema.Column column) =>
        (Func<string>)Typed.MakeGenericMethod(column.Type.RawType).Invoke(null, [row, column])!;

    /// <summary>The cells of all rows of a view, under a cursor's id, batch and position.</summary>
    public static List<string> Rows(DataViewRowCursor cursor, IEnumerable<DataViewSchema.Column> columns, bool withPosition = true)
    {
        var cells = columns.Select(column => Reader(cursor, column)).ToList();
        var getId = cursor.GetIdGetter();
        var rows = new List<string>();
        while (cursor.MoveNext())
        {
            DataViewRowId id = default;
            getId(ref id);
            rows.Add($"{id} {(withPosition ? $"{cursor.Batch} {cursor.Position}" : "")}: {string.Join(" | ", cells.Select(cell => cell()))}");
        }
        return rows;
    }

    private static Func<string> Reader<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<T>(column);
        return () =>
        {
            T value = default!;
            getter(ref value);
            return Text(value);
        };
    }

    private static string Text(object? value)
    {
        if (value is not null && value.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(VBuffer<>))
            return (string)typeof(Cells).GetMethod(nameof(VectorText), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(type.GetGenericArguments()).Invoke(null, [value])!;
        return value switch
        {
            float number => BitConverter.SingleToUInt32Bits(number).ToString("x8", CultureInfo.InvariantCulture),
            double number => BitConverter.DoubleToUInt64Bits(number).ToString("x16", CultureInfo.InvariantCulture),
            DateTime time => time.Ticks.ToString(CultureInfo.InvariantCulture),
            null => "null",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };
    }

    private static string VectorText<T>(VBuffer<T> vector) =>
        $"{(vector.IsDense ? "dense" : "sparse")} {vector.Length} [{string.Join(",", vector.Items().Select(item => $"{item.Key}={Text(item.Value)}"))}]";
}
