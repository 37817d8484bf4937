using System.Reflection;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>The annotations of a combined column: those that hold for the rows of every input that has the column.</summary>
internal static class CombinedAnnotations
{
    /// <summary>What to do when keys mean different things.</summary>
    public const string KeyAdvice = "Map all inputs with one fitted MapValueToKey before combining them, or combine first and map then.";

    private const string KeyValues = "KeyValues";
    private const string SlotNames = "SlotNames";

    /// <summary>
    /// An annotation is carried when all inputs that have the column give it the same value. Slot names and key values may be absent in
    /// some of them; slot names that differ are dropped with a warning.
    /// </summary>
    /// <exception cref="ArgumentException">The key values differ, so that one key would mean two things.</exception>
    public static DataViewSchema.Annotations Merge(string columnName,
        IReadOnlyList<(string Part, DataViewSchema.Annotations Annotations)> inputs, IChannel channel)
    {
        if (inputs.Count == 1)
            return inputs[0].Annotations;
        var builder = new DataViewSchema.Annotations.Builder();
        foreach (var kind in inputs.SelectMany(input => input.Annotations.Schema).Select(column => column.Name).Distinct())
        {
            var holders = inputs.Where(input => input.Annotations.Schema.GetColumnOrNull(kind) is not null).ToArray();
            var expected = Read(holders[0].Annotations, kind);
            var differing = holders.Skip(1).Select(holder => (holder.Part, Values: Read(holder.Annotations, kind)))
                .FirstOrDefault(holder => !holder.Values.SequenceEqual(expected));
            if (differing.Part is not null && kind == KeyValues)
                throw KeysDiffer(columnName, (holders[0].Part, expected), differing);
            if (differing.Part is null && (holders.Length == inputs.Count || kind is KeyValues or SlotNames))
                builder.Add(holders[0].Annotations, name => name == kind);
            else if (kind == SlotNames)
                channel.Warning(MessageSensitivity.Schema,
                    $"The slot names of column '{columnName}' differ between {holders[0].Part} and {differing.Part}; the combined column has none.");
        }
        return builder.ToAnnotations();
    }

    private static ArgumentException KeysDiffer(string columnName, (string Part, object?[] Values) one, (string Part, object?[] Values) other)
    {
        var key = Enumerable.Range(0, Math.Max(one.Values.Length, other.Values.Length)).First(i => !Equals(At(one.Values, i), At(other.Values, i)));
        return new ArgumentException(
            $"Key column '{columnName}': key {key + 1} means '{At(one.Values, key)}' in {one.Part} and '{At(other.Values, key)}' in {other.Part}. {KeyAdvice}",
                other.Part);

        static object? At(object?[] values, int index) => index < values.Length ? values[index] : null;
    }

    /// <summary>The value as a flat array, text as strings, so that values of any type can be compared.</summary>
    private static object?[] Read(DataViewSchema.Annotations annotations, string kind)
    {
        var column = annotations.Schema[kind];
        var vector = column.Type as VectorDataViewType;
        var read = typeof(CombinedAnnotations).GetMethod(vector is null ? nameof(Scalar) : nameof(Vector), BindingFlags.NonPublic | BindingFlags.Static)!;
        return (object?[])read.MakeGenericMethod((vector?.ItemType ?? column.Type).RawType)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [annotations, kind], null)!;
    }

    private static object?[] Scalar<T>(DataViewSchema.Annotations annotations, string kind)
    {
        T value = default!;
        annotations.GetValue(kind, ref value);
        return [Comparable(value)];
    }

    private static object?[] Vector<T>(DataViewSchema.Annotations annotations, string kind)
    {
        VBuffer<T> values = default;
        annotations.GetValue(kind, ref values);
        return [.. values.DenseValues().Select(Comparable)];
    }

    private static object? Comparable<T>(T value) => value is ReadOnlyMemory<char> text ? text.ToString() : value;
}
