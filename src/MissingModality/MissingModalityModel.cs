using System.Text.Json;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.MissingModality;

/// <summary>What a saved <see cref="MissingModalityTransformer"/> holds.</summary>
internal static class MissingModalityModel
{
    private const string Entry = "missing-modality.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Writes the columns.</summary>
    public static void Write(ModelWriter writer, IReadOnlyList<MissingModalityColumn> columns) =>
        writer.WriteEntry(Entry, stream => JsonSerializer.Serialize(stream, new Description([.. columns]), Json));

    /// <summary>Reads what was written.</summary>
    /// <exception cref="FormatException">Something is missing or contradicts itself.</exception>
    public static IReadOnlyList<MissingModalityColumn> Read(ModelReader reader)
    {
        Description? read = null;
        try
        {
            reader.ReadEntry(Entry, stream =>
            {
                using var copy = new MemoryStream();
                stream.CopyTo(copy);
                read = JsonSerializer.Deserialize<Description>(copy.ToArray(), Json);
            });
        }
        catch (JsonException e)
        {
            throw new FormatException($"The saved model's entry '{Entry}' cannot be read: {e.Message}", e);
        }
        return read is { Columns.Length: > 0 } && Array.TrueForAll(read.Columns, IsComplete)
            ? read.Columns
            : throw new FormatException($"The saved model's entry '{Entry}' is incomplete.");
    }

    private static bool IsComplete(MissingModalityColumn? column) =>
        column is { Output.Length: > 0, Input.Length: > 0, Size: > 0 } && (column.Fill is null || column.Fill.Length == 1 || column.Fill.Length == column.Size);

    private sealed record Description(MissingModalityColumn[] Columns);
}
