using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>The values behind a key column, as texts by which they are saved and named.</summary>
/// <param name="Type">Name of their type in saved models.</param>
/// <param name="Values">The values, that of key 1 first.</param>
internal sealed record KeyValueList(string Type, string[] Values)
{
    private static readonly Kind[] Kinds =
    [
        new Kind<ReadOnlyMemory<char>>("text", TextDataViewType.Instance, text => text.ToString(), text => text.AsMemory()),
        new Kind<bool>("boolean", BooleanDataViewType.Instance, value => value ? "true" : "false", bool.Parse),
        Number("single", NumberDataViewType.Single, text => float.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture)),
        Number("double", NumberDataViewType.Double, text => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture)),
        Number("int8", NumberDataViewType.SByte, text => sbyte.Parse(text, CultureInfo.InvariantCulture)),
        Number("int16", NumberDataViewType.Int16, text => short.Parse(text, CultureInfo.InvariantCulture)),
        Number("int32", NumberDataViewType.Int32, text => int.Parse(text, CultureInfo.InvariantCulture)),
        Number("int64", NumberDataViewType.Int64, text => long.Parse(text, CultureInfo.InvariantCulture)),
        Number("uint8", NumberDataViewType.Byte, text => byte.Parse(text, CultureInfo.InvariantCulture)),
        Number("uint16", NumberDataViewType.UInt16, text => ushort.Parse(text, CultureInfo.InvariantCulture)),
        Number("uint32", NumberDataViewType.UInt32, text => uint.Parse(text, CultureInfo.InvariantCulture)),
        Number("uint64", NumberDataViewType.UInt64, text => ulong.Parse(text, CultureInfo.InvariantCulture)),
        new Kind<DateTime>("dateTime", DateTimeDataViewType.Instance,
            value => value.ToString("O", CultureInfo.InvariantCulture),
            text => DateTime.ParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind)),
    ];

    /// <summary>The values of a key column, or of a column of vectors of keys; null where it has none.</summary>
    /// <exception cref="NotSupportedException">They are of a type that cannot be saved; the message names the column.</exception>
    public static KeyValueList? Of(DataViewSchema.Column column)
    {
        if (column.Annotations.Schema.GetColumnOrNull(AnnotationUtils.Kinds.KeyValues)?.Type is not VectorDataViewType { IsKnownSize: true } type)
            return null;
        var kind = Array.Find(Kinds, kind => kind.ItemType == type.ItemType)
            ?? throw new NotSupportedException(
                $"The key column '{column.Name}' has values of type {type.ItemType}, which cannot be kept; expected one of "
                + $"{string.Join(", ", Kinds.Select(kind => kind.ItemType))}.");
        return new KeyValueList(kind.Name, kind.Read(column));
    }

    /// <summary>Whether the values can be put back.</summary>
    public bool IsReadable()
    {
        try
        {
            return Array.TrueForAll(Values, value => value is not null) && Array.Find(Kinds, kind => kind.Name == Type) is { } kind && kind.CanParse(Values);
        }
        catch (Exception problem) when (problem is FormatException or OverflowException)
        {
            return false;
        }
    }

    /// <summary>Annotations of a key column with these values.</summary>
    public DataViewSchema.Annotations ToAnnotations()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        Array.Find(Kinds, kind => kind.Name == Type)!.Add(builder, Values);
        return builder.ToAnnotations();
    }

    private static Kind<T> Number<T>(string name, NumberDataViewType type, Func<string, T> parse) where T : IFormattable =>
        new(name, type, value => value.ToString(null, CultureInfo.InvariantCulture), parse);

    private abstract class Kind(string name, PrimitiveDataViewType itemType)
    {
        public string Name => name;

        public PrimitiveDataViewType ItemType => itemType;

        public abstract string[] Read(DataViewSchema.Column column);

        public abstract bool CanParse(string[] values);

        public abstract void Add(DataViewSchema.Annotations.Builder builder, string[] values);
    }

    private sealed class Kind<T>(string name, PrimitiveDataViewType itemType, Func<T, string> format, Func<string, T> parse) : Kind(name, itemType)
    {
        public override string[] Read(DataViewSchema.Column column)
        {
            VBuffer<T> values = default;
            column.GetKeyValues(ref values);
            return [.. values.DenseValues().Select(format)];
        }

        public override bool CanParse(string[] values) => Array.ConvertAll(values, value => parse(value)).Length == values.Length;

        public override void Add(DataViewSchema.Annotations.Builder builder, string[] values)
        {
            var parsed = Array.ConvertAll(values, value => parse(value));
            builder.AddKeyValues<T>(parsed.Length, ItemType, (ref VBuffer<T> target) => new VBuffer<T>(parsed.Length, parsed).CopyTo(ref target));
        }
    }
}
