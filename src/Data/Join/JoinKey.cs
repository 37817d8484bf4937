using System.Globalization;
using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>How the id column of one side is read. Keys count by what they stand for, since the two sides number them each in its own way.</summary>
internal sealed class JoinKey
{
    // The largest whole numbers below which the types hold all of them.
    private const double ExactSingle = 1 << 24;
    private const double ExactDouble = 1L << 53;
    private const string Expected = "a text, a whole number, or a key of these";

    private readonly JoinId[]? _keyValues;

    private JoinKey(string view, DataViewSchema.Column column, JoinFamily family, JoinId[]? keyValues) =>
        (View, Column, Family, _keyValues) = (view, column, family, keyValues);

    /// <summary>Name of the view, for messages.</summary>
    public string View { get; }

    /// <summary>The column.</summary>
    public DataViewSchema.Column Column { get; }

    /// <summary>What the ids are.</summary>
    public JoinFamily Family { get; }

    /// <summary>Whether a row may lack a number: integers are always there.</summary>
    public bool MayLackNumber => Column.Type is KeyDataViewType || Column.Type.RawType == typeof(float) || Column.Type.RawType == typeof(double);

    /// <summary>The id column of a view.</summary>
    /// <exception cref="ArgumentException">The column is not there or of a type that holds no ids.</exception>
    public static JoinKey Of(string view, DataViewSchema schema, string name)
    {
        var column = schema.GetColumnOrNull(name)
            ?? throw new ArgumentException($"{view} has no id column '{name}'. {ColumnNames.Describe(name, schema)}", view);
        return column.Type switch
        {
            TextDataViewType => new JoinKey(view, column, JoinFamily.Text, null),
            NumberDataViewType => new JoinKey(view, column, JoinFamily.Number, null),
            KeyDataViewType => OfKey(view, column),
            _ => throw Unfit(view, column, column.Type.ToString()!),
        };
    }

    /// <summary>Throws unless the ids of both sides can be compared.</summary>
    /// <exception cref="ArgumentException">The one are texts, the other numbers.</exception>
    public static void CheckComparable(JoinKey a, JoinKey b)
    {
        if (a.Family != b.Family)
            throw new ArgumentException(
                $"The ids of {a.View}, column '{a.Column.Name}', are {Words(a)}, but those of {b.View}, column '{b.Column.Name}', are {Words(b)}. "
                + "'7' and '07' are two texts and one number, so neither is turned into the other: load both as text or both as numbers, or convert one with "
                + "Conversion.ConvertType.", b.View);
        if (a.Family == JoinFamily.KeyNumber && !a.Column.Type.Equals(b.Column.Type))
            throw new ArgumentException(
                $"The ids are keys without key values, {a.Column.Type} in {a.View} and {b.Column.Type} in {b.View}: nothing says that their numbers mean "
                + "the same. Join by the column that the keys were made of.", b.View);

        static string Words(JoinKey key) => $"{key.Family switch
        {
            JoinFamily.Text => "texts",
            JoinFamily.Number => "numbers",
            _ => "keys without key values",
        }} ({key.Column.Type})";
    }

    /// <summary>Whether both columns are of one type and hold equal ids in equal values, so that the joined column can be of that type.</summary>
    public static bool AreInterchangeable(JoinKey a, JoinKey b) =>
        a.Column.Type.Equals(b.Column.Type) && (a._keyValues is null || a._keyValues.AsSpan().SequenceEqual(b._keyValues));

    /// <summary>A reader of the current row's id; null where the row has none.</summary>
    /// <exception cref="InvalidOperationException">Thrown by the reader: the value is no id.</exception>
    public Func<JoinId?> Open(DataViewRow row)
    {
        if (Column.Type is TextDataViewType)
        {
            var getText = row.GetGetter<ReadOnlyMemory<char>>(Column);
            ReadOnlyMemory<char> text = default;
            return () =>
            {
                getText(ref text);
                return text.Span.IsWhiteSpace() ? null : new JoinId(text.ToString(), 0);
            };
        }
        if (Column.Type is not KeyDataViewType)
            return NumberTypes.Visit(Column.Type, new Opener(this, row));
        var getKey = RawKey(row);
        return () => getKey() is not (> 0 and var key) ? null
            : _keyValues is null ? new JoinId(null, checked((long)key))
            : key <= (ulong)_keyValues.Length ? _keyValues[key - 1]
            : throw Bad(row, $"a key of 1 to {_keyValues.Length}", $"{key}");
    }

    /// <summary>The column's numbers as float64, which ids beyond 2^53 do not fit.</summary>
    public double ToDouble(DataViewRow row, JoinId id) => Math.Abs((double)id.Number) <= ExactDouble
        ? id.Number
        : throw Bad(row, $"a whole number of at most {ExactDouble:0}, as one side has ids of floating point", $"{id.Number}");

    private static JoinKey OfKey(string view, DataViewSchema.Column column)
    {
        if (column.Annotations.Schema.GetColumnOrNull("KeyValues") is not { Type: VectorDataViewType values })
            return new JoinKey(view, column, JoinFamily.KeyNumber, null);
        if (values.ItemType is TextDataViewType)
        {
            VBuffer<ReadOnlyMemory<char>> texts = default;
            column.Annotations.GetValue("KeyValues", ref texts);
            return new JoinKey(view, column, JoinFamily.Text, [.. texts.DenseValues().Select(text => new JoinId(text.ToString(), 0))]);
        }
        return values.ItemType is NumberDataViewType
            ? new JoinKey(view, column, JoinFamily.Number, NumberTypes.Visit(values.ItemType, new KeyNumbers(view, column)))
            : throw Unfit(view, column, $"{column.Type} of {values.ItemType}");
    }

    private Func<ulong> RawKey(DataViewRow row)
    {
        var type = Column.Type.RawType;
        return type == typeof(byte) ? Raw<byte>() : type == typeof(ushort) ? Raw<ushort>() : type == typeof(uint) ? Raw<uint>() : Raw<ulong>();

        Func<ulong> Raw<T>() where T : struct, INumber<T>
        {
            var getter = row.GetGetter<T>(Column);
            T value = default;
            return () =>
            {
                getter(ref value);
                return ulong.CreateChecked(value);
            };
        }
    }

    private InvalidOperationException Bad(DataViewRow row, string expected, string found) => new(string.Create(CultureInfo.InvariantCulture,
        $"{View}, row {row.Position}, id column '{Column.Name}': expected {expected}, found {found}."));

    private static ArgumentException Unfit(string view, DataViewSchema.Column column, string found) => new(
        $"The id column '{column.Name}' of {view} is of type {found}; expected {Expected}.", view);

    // Null where the number is missing; what is expected instead where it is none that can be told from its neighbours.
    private static JoinId? Whole<T>(T value, out string? expected) where T : struct, INumber<T>
    {
        expected = null;
        if (T.IsNaN(value))
            return null;
        if (!T.IsInteger(value))
            expected = "a whole number";
        else if (typeof(T) == typeof(float) && Math.Abs(double.CreateChecked(value)) > ExactSingle)
            expected = "a whole number of at most 16777216, above which numbers of type Single are rounded (load the ids as Int64 or text)";
        else if (typeof(T) == typeof(double) && Math.Abs(double.CreateChecked(value)) > ExactDouble)
            expected = "a whole number of at most 9007199254740992, above which numbers of type Double are rounded (load the ids as Int64 or text)";
        else if (typeof(T) == typeof(ulong) && ulong.CreateChecked(value) > long.MaxValue)
            expected = "a whole number of at most 9223372036854775807 (load the ids as text)";
        return expected is null ? new JoinId(null, long.CreateChecked(value)) : default(JoinId);
    }

    private sealed class Opener(JoinKey key, DataViewRow row) : INumberVisitor<Func<JoinId?>>
    {
        public Func<JoinId?> Visit<T>() where T : struct, INumber<T>
        {
            var getter = row.GetGetter<T>(key.Column);
            T value = default;
            return () =>
            {
                getter(ref value);
                var id = Whole(value, out var expected);
                return expected is null ? id : throw key.Bad(row, expected, value.ToString(null, CultureInfo.InvariantCulture));
            };
        }
    }

    private sealed class KeyNumbers(string view, DataViewSchema.Column column) : INumberVisitor<JoinId[]>
    {
        public JoinId[] Visit<T>() where T : struct, INumber<T>
        {
            VBuffer<T> values = default;
            column.Annotations.GetValue("KeyValues", ref values);
            return [.. values.DenseValues().Select(value => Whole(value, out var expected) is { } id && expected is null
                ? id
                : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                    $"The id column '{column.Name}' of {view} is a key of {value}; expected {expected ?? "a whole number"}."), view))];
        }
    }
}

/// <summary>What ids are; only those of one family can be equal.</summary>
internal enum JoinFamily
{
    /// <summary>Texts, compared letter by letter.</summary>
    Text,

    /// <summary>Whole numbers.</summary>
    Number,

    /// <summary>Keys that say not what they stand for.</summary>
    KeyNumber,
}
