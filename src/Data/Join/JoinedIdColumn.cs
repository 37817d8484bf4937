using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// The id column, in every row from the side that is there: of the sides' type where both have the same, else text, Int64 or, where a row may lack its number,
/// Double.
/// </summary>
internal static class JoinedIdColumn
{
    /// <summary>Makes the column.</summary>
    public static JoinedColumn Of(string name, JoinKey a, JoinKey b)
    {
        if (JoinKey.AreInterchangeable(a, b))
            return (JoinedColumn)typeof(JoinedIdColumn).GetMethod(nameof(Same), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(a.Column.Type.RawType).Invoke(null, [name, a, b])!;
        if (a.Family == JoinFamily.Text)
            return Read<ReadOnlyMemory<char>>(TextDataViewType.Instance, (_, _, id) => (id?.Text ?? "").AsMemory());
        return a.MayLackNumber || b.MayLackNumber
            ? Read(NumberDataViewType.Double, (key, row, id) => id is { } number ? key.ToDouble(row, number) : double.NaN)
            : Read(NumberDataViewType.Int64, (_, _, id) => id!.Value.Number);

        JoinedColumn<T> Read<T>(DataViewType type, Func<JoinKey, DataViewRow, JoinId?, T> convert)
        {
            return new JoinedColumn<T>(
                new DataViewSchema.DetachedColumn(name, type, DataViewSchema.Annotations.Empty), a.Column, b.Column,
                row => Open(a, row), row => Open(b, row), null);

            ValueGetter<T> Open(JoinKey key, DataViewRow row)
            {
                var read = key.Open(row);
                return (ref T value) => value = convert(key, row, read());
            }
        }
    }

    private static JoinedColumn<T> Same<T>(string name, JoinKey a, JoinKey b) => new(
        new DataViewSchema.DetachedColumn(name, a.Column.Type, a.Column.Annotations), a.Column, b.Column,
        row => row.GetGetter<T>(row.Schema[a.Column.Index]), row => row.GetGetter<T>(row.Schema[b.Column.Index]), null);
}
