using System.Globalization;
using System.Text;
using System.Text.Json;
using Parquet;
using Parquet.Schema;

namespace Microsoft.ML.GentleClip.Tool;

/// <summary>Reads the cells of a Parquet file of flat columns.</summary>
internal static class ParquetTable
{
    private const string IdsExpected = "text, whole numbers, decimals, dates or UUIDs";
    private const double ExactSingle = 1 << 24, ExactDouble = 1L << 53; // up to here, the types hold every whole number

    // Bytes without a type are the text of older writers, or no text at all.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether a file is read as Parquet, by its name.</summary>
    public static bool Is(string path) => path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase);

    /// <summary>The names of the columns, and then the rows with their numbers from 1, a group of rows in memory at a time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="id">The column of ids; null where only the names are wanted.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ToolException">The file is no Parquet, has nested columns only, or its ids are of a type that is none of ids.</exception>
    public static IEnumerable<(int Row, string[] Cells)> Read(string path, string? id = null)
    {
        ParquetReader reader = Open(path);
        try
        {
            // A list or a structure is no number per row: it stays a column, of which the reader says what it is.
            DataField[] fields = [.. reader.Schema.Fields.OfType<DataField>()];
            string[] nested = [.. reader.Schema.Fields.Where(field => field is not DataField).Select(field => field.Name)];
            if (fields.Length == 0)
                throw new ToolException($"{path} has no flat column; found {string.Join(", ", nested.Select(name => $"'{name}'"))}.");
            yield return (0, [.. fields.Select(field => field.Name), .. nested]);
            if (id is not null)
                CheckIds(path, id, fields, nested);
            string[] tail = Array.ConvertAll(nested, _ => "a nested value");
            int row = 0;
            for (int i = 0; i < reader.RowGroupCount; i++)
            {
                using var group = Guard(path, () => reader.OpenRowGroupReader(i));
                int count = checked((int)group.RowCount), before = row;
                Func<int, string>[] columns = Array.ConvertAll(fields, field => Guard($"{path}, column '{field.Name}',", () => field.Name.Trim() == id
                    ? Ids(path, group, field, count, before) : Column(group, field, count)));
                for (int at = 0; at < count; at++)
                    yield return (++row, [.. columns.Select(cell => cell(at)), .. tail]);
            }
        }
        finally
        {
            Wait(reader.DisposeAsync());
        }
    }

    /// <summary>Columns that pandas added for its index, and by which a row is known and not measured.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ToolException">The file is no Parquet.</exception>
    public static IReadOnlyCollection<string> IndexColumns(string path)
    {
        ParquetReader reader = Open(path);
        try
        {
            // The names are pandas' own also where another program wrote the file anew and lost what pandas says of them.
            var columns = reader.Schema.Fields.Select(field => field.Name)
                .Where(name => name.StartsWith("__index_level_", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal)).ToHashSet();
            if (reader.CustomMetadata?.TryGetValue("pandas", out string? pandas) == true && pandas is not null)
                columns.UnionWith(IndexOfPandas(pandas));
            return columns;
        }
        finally
        {
            Wait(reader.DisposeAsync());
        }
    }

    // {"index_columns": ["__index_level_0__", {"kind": "range", ...}], ...}: a range has no column.
    private static string[] IndexOfPandas(string json)
    {
        try
        {
            using var metadata = JsonDocument.Parse(json);
            return metadata.RootElement.ValueKind == JsonValueKind.Object && metadata.RootElement.TryGetProperty("index_columns", out var columns)
                && columns.ValueKind == JsonValueKind.Array
                ? [.. columns.EnumerateArray().Where(column => column.ValueKind == JsonValueKind.String).Select(column => column.GetString()!)]
                : [];
        }
        catch (JsonException)
        {
            return []; // what cannot be read says nothing; the columns are there all the same
        }
    }

    private static ParquetReader Open(string path) => File.Exists(path)
        ? Guard(path, () => Wait(ParquetReader.CreateAsync(path)))
        : throw new FileNotFoundException($"There is no file '{path}'.", path);

    private static void CheckIds(string path, string id, DataField[] fields, string[] nested)
    {
        string? found = nested.Any(name => name.Trim() == id) ? "nested values"
            : fields.FirstOrDefault(field => field.Name.Trim() == id) is { } field && !HoldsIds(field) ? WordsOf(field) : null;
        if (found is not null)
            throw new ToolException($"{path}: the column '{id}' holds {found}; expected ids: {IdsExpected}. Write the ids as text.");
    }

    private static bool HoldsIds(DataField field) => !field.IsArray && field is not TimeDataField
        && (IsText(field) || IsBytes(field) || IsDate(field) || field.ClrType == typeof(Guid) || field.ClrType == typeof(decimal)
            || field.ClrType == typeof(float) || field.ClrType == typeof(double) || IsWhole(field.ClrType));

    private static bool IsText(DataField field) => field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>);

    private static bool IsBytes(DataField field) => field.ClrType == typeof(byte[]) || field.ClrType == typeof(ReadOnlyMemory<byte>);

    private static bool IsDate(DataField field) =>
        field.ClrType == typeof(DateOnly) || field is DateTimeDataField { DateTimeFormat: DateTimeFormat.Date };

    private static bool IsWhole(Type type) => type == typeof(long) || type == typeof(ulong) || type == typeof(int) || type == typeof(uint)
        || type == typeof(short) || type == typeof(ushort) || type == typeof(byte) || type == typeof(sbyte);

    private static string WordsOf(DataField field) => field.IsArray ? "lists"
        : IsDate(field) ? "dates"
        : field.ClrType == typeof(DateTime) ? "timestamps"
        : field is TimeDataField || field.ClrType == typeof(TimeSpan) || field.ClrType == typeof(TimeOnly) ? "times of day"
        : field.ClrType == typeof(bool) ? "true and false"
        : field.ClrType == typeof(Guid) ? "UUIDs"
        : IsBytes(field) ? "bytes"
        : $"values of type {field.ClrType.Name}";

    // Ids are compared letter by letter, so what stands for one number is written in one way: 1, and not 1.0 or 1.00.
    private static Func<int, string> Ids(string path, ParquetRowGroupReader group, DataField field, int count, int before)
    {
        if (field.ClrType == typeof(decimal))
            return Values<decimal>(group, field, count, value => value.ToString("0.############################", CultureInfo.InvariantCulture));
        if (IsBytes(field))
        {
            var texts = Texts(group, field, count);
            return at => texts(at) ?? throw Unfit(at, "bytes that are no text");
        }
        var cells = Column(group, field, count);
        if (field.ClrType != typeof(float) && field.ClrType != typeof(double))
            return cells;
        // pandas makes whole numbers floating ones where a single one is missing.
        double most = field.ClrType == typeof(float) ? ExactSingle : ExactDouble;
        return at =>
        {
            string cell = cells(at);
            if (cell.Length == 0 || cell == "NaN")
                return "";
            double value = double.Parse(cell, CultureInfo.InvariantCulture);
            return double.IsInteger(value) && Math.Abs(value) <= most
                ? ((long)value).ToString(CultureInfo.InvariantCulture)
                : throw Unfit(at, $"the floating-point number {cell}");
        };

        ToolException Unfit(int at, string found) => new(string.Create(CultureInfo.InvariantCulture,
            $"{path}, row {before + at + 1}, column '{field.Name}': found {found}; expected an id: {IdsExpected}. Write the ids as text."));
    }

    private static Func<int, string> Column(ParquetRowGroupReader group, DataField field, int count)
    {
        Type type = field.ClrType;
        if (field.IsArray)
            return _ => "a list";
        if (field is TimeDataField)
            return _ => WordsOf(field); // its numbers are of milliseconds or microseconds
        if (IsText(field))
        {
            var cells = new string?[count];
            Wait(group.ReadAsync(field, cells.AsMemory()));
            return at => cells[at] ?? "";
        }
        if (IsBytes(field))
        {
            var texts = Texts(group, field, count);
            return at => texts(at) ?? "bytes";
        }
        return type == typeof(float) ? Values<float>(group, field, count, value => value.ToString("R", CultureInfo.InvariantCulture))
            : type == typeof(double) ? Values<double>(group, field, count, value => value.ToString("R", CultureInfo.InvariantCulture))
            : type == typeof(decimal) ? Values<decimal>(group, field, count, value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(long) ? Values<long>(group, field, count, value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(ulong) ? Values<ulong>(group, field, count, value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(int) ? Values<int>(group, field, count, value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(uint) ? Values<uint>(group, field, count, value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(short) ? Values<short>(group, field, count, value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(ushort) ? Values<ushort>(group, field, count, value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(byte) ? Values<byte>(group, field, count, value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(sbyte) ? Values<sbyte>(group, field, count, value => value.ToString(CultureInfo.InvariantCulture))
            : type == typeof(bool) ? Values<bool>(group, field, count, value => value ? "1" : "0")
            : type == typeof(Guid) ? Values<Guid>(group, field, count, value => value.ToString("D"))
            : type == typeof(DateOnly) ? Values<DateOnly>(group, field, count, value => value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))
            : IsDate(field) ? Values<DateTime>(group, field, count, value => value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))
            : _ => WordsOf(field);
    }

    private static Func<int, string> Values<T>(ParquetRowGroupReader group, DataField field, int count, Func<T, string> text)
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

    // Null where the bytes are no text.
    private static Func<int, string?> Texts(ParquetRowGroupReader group, DataField field, int count)
    {
        var bytes = new byte[]?[count];
        Wait(group.ReadAsync(field, bytes.AsMemory()!));
        return at => TextOf(bytes[at]);
    }

    private static string? TextOf(byte[]? bytes)
    {
        try
        {
            string text = bytes is null ? "" : Strict.GetString(bytes);
            return text.Any(char.IsControl) ? null : text;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    // What the format's reader throws at bytes that are not Parquet is of many kinds.
    private static T Guard<T>(string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception problem) when (problem is not (ToolException or OutOfMemoryException or UnauthorizedAccessException or FileNotFoundException))
        {
            throw new ToolException($"{what} cannot be read as Parquet: {problem.Message}");
        }
    }

    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();
}
