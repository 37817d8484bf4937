using System.Globalization;
using Parquet;
using Parquet.Schema;

namespace Microsoft.ML.GentleClip.Tool;

/// <summary>Reads the cells of a Parquet file of flat columns.</summary>
internal static class ParquetTable
{
    /// <summary>Whether a file is read as Parquet, by its name.</summary>
    public static bool Is(string path) => path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase);

    /// <summary>The names of the columns, and then the rows with their numbers from 1, a group of rows in memory at a time.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ToolException">The file is no Parquet, or has nested columns only.</exception>
    public static IEnumerable<(int Row, string[] Cells)> Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file '{path}'.", path);
        ParquetReader reader = Guard(path, () => Wait(ParquetReader.CreateAsync(path)));
        try
        {
            // A list or a structure is no number per row: it stays a column, of which the reader says what it is.
            DataField[] fields = [.. reader.Schema.Fields.OfType<DataField>()];
            string[] nested = [.. reader.Schema.Fields.Where(field => field is not DataField).Select(field => field.Name)];
            if (fields.Length == 0)
                throw new ToolException($"{path} has no flat column; found {string.Join(", ", nested.Select(name => $"'{name}'"))}.");
            yield return (0, [.. fields.Select(field => field.Name), .. nested]);
            string[] tail = Array.ConvertAll(nested, _ => "a nested value");
            int row = 0;
            for (int i = 0; i < reader.RowGroupCount; i++)
            {
                using var group = Guard(path, () => reader.OpenRowGroupReader(i));
                int count = checked((int)group.RowCount);
                Func<int, string>[] columns = Array.ConvertAll(fields, field => Guard(path, () => Column(group, field, count)));
                for (int at = 0; at < count; at++)
                    yield return (++row, [.. columns.Select(cell => cell(at)), .. tail]);
            }
        }
        finally
        {
            Wait(reader.DisposeAsync());
        }
    }

    private static Func<int, string> Column(ParquetRowGroupReader group, DataField field, int count)
    {
        Type type = field.ClrType;
        if (field.IsArray)
            return _ => "a list";
        if (type == typeof(string) || type == typeof(ReadOnlyMemory<char>))
        {
            var texts = new string?[count];
            Wait(group.ReadAsync(field, texts.AsMemory()));
            return at => texts[at] ?? "";
        }
        return type == typeof(float) ? Numbers<float>(value => value.ToString("R", CultureInfo.InvariantCulture))
            : type == typeof(double) ? Numbers<double>(value => value.ToString("R", CultureInfo.InvariantCulture))
            : type == typeof(decimal) ? Numbers<decimal>(value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(long) ? Numbers<long>(value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(ulong) ? Numbers<ulong>(value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(int) ? Numbers<int>(value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(uint) ? Numbers<uint>(value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(short) ? Numbers<short>(value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(ushort) ? Numbers<ushort>(value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(byte) ? Numbers<byte>(value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(sbyte) ? Numbers<sbyte>(value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(bool) ? Numbers<bool>(value => value ? "1" : "0")
            : _ => $"a value of type {type.Name}";

        Func<int, string> Numbers<T>(Func<T, string> text)
            where T : struct
        {
            if (!field.IsNullable)
            {
                var values = new T[count];
                Wait(group.ReadAsync(field, values.AsMemory()));
                return at => text(values[at]);
            }
            var some = new T?[count];
            Wait(group.ReadAsync(field, some.AsMemory()));
            return at => some[at] is { } value ? text(value) : "";
        }
    }

    // What the format's reader throws at bytes that are not Parquet is of many kinds.
    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception problem) when (problem is not (ToolException or OutOfMemoryException or UnauthorizedAccessException or FileNotFoundException))
        {
            throw new ToolException($"{path} cannot be read as Parquet: {problem.Message}");
        }
    }

    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();
}
