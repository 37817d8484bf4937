using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>Reads a column of class labels or item names as text, so that labels of two views can be compared whatever their keys.</summary>
internal sealed class LabelColumnReader
{
    private readonly string _role;
    private readonly string[]? _keyNames;
    private Func<string?>? _read;

    private LabelColumnReader(DataViewSchema.Column column, string role)
    {
        (Column, _role) = (column, role);
        if (column.Type is KeyDataViewType)
            _keyNames = KeyNames(column);
        else if (column.Type is not (TextDataViewType or NumberDataViewType or BooleanDataViewType))
            throw new ArgumentException($"The {role} column '{column.Name}' must be a key, text, a number or Boolean, but is {column.Type}.");
    }

    /// <summary>The column.</summary>
    public DataViewSchema.Column Column { get; }

    /// <summary>Finds a column and checks its type.</summary>
    /// <param name="data">The view.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="role">What the column is, for errors.</param>
    /// <exception cref="ArgumentException">The column is not there or of an unfit type.</exception>
    public static LabelColumnReader Find(IDataView data, string name, string role)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new(Columns.Find(data, name, role), role);
    }

    /// <summary>Reads from this row or cursor from now on.</summary>
    public void Open(DataViewRow row)
    {
        var type = Column.Type.RawType;
        _read =
            type == typeof(ReadOnlyMemory<char>) ? Text(row) :
            type == typeof(bool) ? Reader<bool>(row, value => value ? "true" : "false") :
            type == typeof(byte) ? Integer<byte>(row) : type == typeof(ushort) ? Integer<ushort>(row) :
            type == typeof(uint) ? Integer<uint>(row) : type == typeof(ulong) ? Integer<ulong>(row) :
            type == typeof(sbyte) ? Number<sbyte>(row) : type == typeof(short) ? Number<short>(row) :
            type == typeof(int) ? Number<int>(row) : type == typeof(long) ? Number<long>(row) :
            type == typeof(float) ? Reader<float>(row, value => float.IsNaN(value) ? null : value.ToString(CultureInfo.InvariantCulture)) :
            type == typeof(double) ? Reader<double>(row, value => double.IsNaN(value) ? null : value.ToString(CultureInfo.InvariantCulture)) :
            throw new ArgumentException($"The {_role} column '{Column.Name}' must be a key, text, a number or Boolean, but is {Column.Type}.");
    }

    /// <summary>The label of the row the cursor is at; null where it is missing: empty text, key 0, NaN.</summary>
    public string? Read() => _read!();

    private Func<string?> Text(DataViewRow row) => Reader<ReadOnlyMemory<char>>(row, value => value.IsEmpty ? null : value.ToString());

    private Func<string?> Integer<T>(DataViewRow row) where T : struct, IConvertible => Column.Type is not KeyDataViewType
        ? Number<T>(row)
        : Reader<T>(row, value => value.ToUInt64(null) is var key && key == 0 ? null : _keyNames?[key - 1] ?? key.ToString(CultureInfo.InvariantCulture));

    private Func<string?> Number<T>(DataViewRow row) where T : struct, IConvertible => Reader<T>(row, value => value.ToString(CultureInfo.InvariantCulture));

    private Func<string?> Reader<T>(DataViewRow row, Func<T, string?> toText)
    {
        var (getter, value) = (row.GetGetter<T>(Column), default(T)!);
        return () =>
        {
            getter(ref value);
            return toText(value);
        };
    }

    /// <summary>The keys' values as text; null where there are none, so that the keys themselves are the names.</summary>
    private static string[]? KeyNames(DataViewSchema.Column column)
    {
        if ((column.Annotations.Schema.GetColumnOrNull("KeyValues")?.Type as VectorDataViewType)?.ItemType is not { } type)
            return null;
        return type == TextDataViewType.Instance ? Values<ReadOnlyMemory<char>>()
            : type == NumberDataViewType.Single ? Values<float>() : type == NumberDataViewType.Double ? Values<double>()
            : type == NumberDataViewType.Byte ? Values<byte>() : type == NumberDataViewType.SByte ? Values<sbyte>()
            : type == NumberDataViewType.Int16 ? Values<short>() : type == NumberDataViewType.UInt16 ? Values<ushort>()
            : type == NumberDataViewType.Int32 ? Values<int>() : type == NumberDataViewType.UInt32 ? Values<uint>()
            : type == NumberDataViewType.Int64 ? Values<long>() : type == NumberDataViewType.UInt64 ? Values<ulong>()
            : type == BooleanDataViewType.Instance ? [.. Values<bool>().Select(value => value == "True" ? "true" : "false")]
            : null;

        string[] Values<T>()
        {
            VBuffer<T> values = default;
            column.GetKeyValues(ref values);
            return [.. values.DenseValues()
                .Select(value => Convert.ToString(value is ReadOnlyMemory<char> text ? text.ToString() : value, CultureInfo.InvariantCulture)!)];
        }
    }
}
