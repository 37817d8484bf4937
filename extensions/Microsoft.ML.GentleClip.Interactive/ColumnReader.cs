using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>Reads columns of a view for people: embeddings as numbers, anything else as text.</summary>
internal static class ColumnReader
{
    private const int ShownSlots = 3, LongestText = 60;

    /// <exception cref="ArgumentException">There is no such column.</exception>
    public static DataViewSchema.Column Find(DataViewSchema schema, string name, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        return schema.GetColumnOrNull(name)
            ?? throw new ArgumentException($"There is no column '{name}'; found {string.Join(", ", schema.Select(column => $"'{column.Name}'"))}.", parameter);
    }

    /// <exception cref="ArgumentException">There is no such column, or it holds no vectors of numbers.</exception>
    public static DataViewSchema.Column FindVector(DataViewSchema schema, string name, string parameter)
    {
        var column = Find(schema, name, parameter);
        return column.Type is VectorDataViewType { ItemType: NumberDataViewType item } && item.RawType == typeof(float)
            ? column
            : throw new ArgumentException($"Column '{name}' is of type {column.Type}; expected a vector of Single.", parameter);
    }

    public static Func<float[]> Vector(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<VBuffer<float>>(column);
        var buffer = default(VBuffer<float>);
        return () =>
        {
            getter(ref buffer);
            return [.. buffer.DenseValues()];
        };
    }

    /// <summary>What stands in the row, short.</summary>
    public static Func<object?> Cell(DataViewRow row, DataViewSchema.Column column) => column.Type switch
    {
        TextDataViewType => Read<ReadOnlyMemory<char>>(row, column, value => Cut(value.ToString())),
        BooleanDataViewType => Read<bool>(row, column, value => value ? "true" : "false"),
        KeyDataViewType key when key.RawType == typeof(uint) => Key(row, column),
        NumberDataViewType number when number.RawType == typeof(float) => Read<float>(row, column, value => value),
        NumberDataViewType number when number.RawType == typeof(double) => Read<double>(row, column, value => value),
        NumberDataViewType number when number.RawType == typeof(int) => Read<int>(row, column, value => value),
        NumberDataViewType number when number.RawType == typeof(long) => Read<long>(row, column, value => value),
        VectorDataViewType { ItemType: NumberDataViewType item } when item.RawType == typeof(float) => Slots(Vector(row, column)),
        var type => () => $"({type})",
    };

    private static Func<object?> Read<T>(DataViewRow row, DataViewSchema.Column column, Func<T, object?> show)
    {
        var getter = row.GetGetter<T>(column);
        var value = default(T)!;
        return () =>
        {
            getter(ref value);
            return show(value);
        };
    }

    private static Func<object?> Key(DataViewRow row, DataViewSchema.Column column)
    {
        var names = default(VBuffer<ReadOnlyMemory<char>>);
        if (column.Annotations.Schema.GetColumnOrNull("KeyValues") is not { Type: VectorDataViewType { ItemType: TextDataViewType } })
            return Read<uint>(row, column, key => key == 0 ? null : key);
        column.Annotations.GetValue("KeyValues", ref names);
        string[] texts = [.. names.DenseValues().Select(name => name.ToString())];
        return Read<uint>(row, column, key => key == 0 ? null : texts[(int)key - 1]);
    }

    private static Func<object?> Slots(Func<float[]> vector) => () =>
    {
        float[] values = vector();
        if (values.Length == 0 || Array.TrueForAll(values, float.IsNaN))
            return "missing";
        string shown = string.Join(", ", values.Take(ShownSlots).Select(value => value.ToString("0.00", CultureInfo.InvariantCulture)));
        return values.Length > ShownSlots ? $"{shown}, … ({values.Length})" : shown;
    };

    private static string Cut(string text) => text.Length <= LongestText ? text : $"{text[..LongestText]}…";
}
