using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Entries of a saved model: descriptions as JSON, and rows of numbers.</summary>
internal static class ModelEntries
{
    // Numbers that are not finite are rare in a description, but not impossible, and they must not stop a save.
    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Writes a description.</summary>
    public static void WriteJson<T>(this ModelWriter writer, string entry, T value) =>
        writer.WriteEntry(entry, stream => JsonSerializer.Serialize(stream, value, Json));

    /// <summary>Reads a description.</summary>
    /// <param name="reader">The saved model.</param>
    /// <param name="entry">Name of the entry.</param>
    /// <param name="isComplete">Whether nothing is missing or contradicts itself.</param>
    /// <exception cref="FormatException">There is no such entry, or it is no such description, or not complete.</exception>
    public static T ReadJson<T>(this ModelReader reader, string entry, Predicate<T> isComplete) where T : class
    {
        T? read = null;
        try
        {
            reader.ReadEntry(entry, stream =>
            {
                using var copy = new MemoryStream();
                stream.CopyTo(copy);
                read = JsonSerializer.Deserialize<T>(copy.ToArray(), Json);
            });
        }
        catch (JsonException e)
        {
            throw new FormatException($"The saved model's entry '{entry}' cannot be read: {e.Message}", e);
        }
        return read is not null && isComplete(read) ? read : throw new FormatException($"The saved model's entry '{entry}' is incomplete.");
    }

    /// <summary>Writes rows of numbers, little-endian, one after another.</summary>
    public static void WriteRows<T>(this ModelWriter writer, string entry, IEnumerable<T[]> rows) where T : unmanaged => writer.WriteEntry(entry, stream =>
    {
        foreach (var row in rows)
            stream.Write(MemoryMarshal.AsBytes(row.AsSpan()));
    });

    /// <summary>Reads rows of numbers.</summary>
    /// <param name="reader">The saved model.</param>
    /// <param name="entry">Name of the entry.</param>
    /// <param name="rows">Number of rows that there must be.</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="take">Takes a row; the array is used for the next one again.</param>
    /// <exception cref="FormatException">There is no such entry, or it has fewer or more numbers.</exception>
    public static void ReadRows<T>(this ModelReader reader, string entry, int rows, int width, Action<T[]> take) where T : unmanaged =>
        reader.ReadEntry(entry, stream => Read(stream, entry, rows, width, take));

    private static void Read<T>(Stream stream, string entry, int rows, int width, Action<T[]> take) where T : unmanaged
    {
        // Before anything is allocated: a damaged description may say any number.
        if ((long)width * Unsafe.SizeOf<T>() > Array.MaxLength)
            throw new FormatException($"The saved model's entry '{entry}' is said to have rows of {width} numbers, more than can be read.");
        var row = new T[width];
        var bytes = MemoryMarshal.AsBytes(row.AsSpan()).Length;
        for (var i = 0; i < rows; i++)
        {
            if (stream.ReadAtLeast(MemoryMarshal.AsBytes(row.AsSpan()), bytes, throwOnEndOfStream: false) < bytes)
                throw new FormatException($"The saved model's entry '{entry}' ends in row {i}; expected {rows} rows of {width} numbers.");
            take(row);
        }
        if (stream.ReadByte() >= 0)
            throw new FormatException($"The saved model's entry '{entry}' is longer than the {rows} rows of {width} numbers that it should have.");
    }
}
