using System.Numerics;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Something that is done with values of one of ML.NET's numeric types.</summary>
internal interface INumberVisitor<out TResult>
{
    /// <summary>Does it.</summary>
    TResult Visit<T>() where T : struct, INumber<T>;
}

/// <summary>The numeric types of columns, all of which can be read as float32.</summary>
internal static class NumberTypes
{
    /// <summary>Whether values of a type are numbers; keys and Booleans are not.</summary>
    public static bool IsNumber(DataViewType item) => item is NumberDataViewType;

    /// <summary>Calls a visitor with the .NET type behind a numeric type.</summary>
    public static TResult Visit<TResult>(DataViewType item, INumberVisitor<TResult> visitor)
    {
        var type = item.RawType;
        return type == typeof(float) ? visitor.Visit<float>()
            : type == typeof(double) ? visitor.Visit<double>()
            : type == typeof(sbyte) ? visitor.Visit<sbyte>()
            : type == typeof(byte) ? visitor.Visit<byte>()
            : type == typeof(short) ? visitor.Visit<short>()
            : type == typeof(ushort) ? visitor.Visit<ushort>()
            : type == typeof(int) ? visitor.Visit<int>()
            : type == typeof(uint) ? visitor.Visit<uint>()
            : type == typeof(long) ? visitor.Visit<long>()
            : type == typeof(ulong) ? visitor.Visit<ulong>()
            : throw new NotSupportedException($"{item} is not a numeric type.");
    }

    /// <summary>A getter of a vector's numbers, where the column may hold Booleans, which count as 0 and 1 of type <see cref="byte"/>.</summary>
    public static ValueGetter<VBuffer<T>> VectorGetter<T>(DataViewRow row, DataViewSchema.Column column)
    {
        if (typeof(T) != typeof(byte) || ((VectorDataViewType)column.Type).ItemType is not BooleanDataViewType)
            return row.GetGetter<VBuffer<T>>(column);
        var getter = row.GetGetter<VBuffer<bool>>(column);
        VBuffer<bool> source = default;
        return (ValueGetter<VBuffer<T>>)(object)(ValueGetter<VBuffer<byte>>)((ref VBuffer<byte> target) =>
        {
            getter(ref source);
            var values = source.GetValues();
            var editor = VBufferEditor.Create(ref target, source.Length, values.Length);
            for (var i = 0; i < values.Length; i++)
                editor.Values[i] = values[i] ? (byte)1 : (byte)0;
            if (!source.IsDense)
                source.GetIndices().CopyTo(editor.Indices);
            target = editor.Commit();
        });
    }
}
