using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.MissingModality;

/// <summary>What a saved <see cref="MissingModalityTransformer"/> holds.</summary>
internal static class MissingModalityModel
{
    private const string Entry = "missing-modality.json";

    /// <summary>Writes the columns.</summary>
    public static void Write(ModelWriter writer, IReadOnlyList<MissingModalityColumn> columns) => writer.WriteJson(Entry, new Description([.. columns]));

    /// <summary>Reads what was written.</summary>
    /// <exception cref="FormatException">Something is missing or contradicts itself.</exception>
    public static IReadOnlyList<MissingModalityColumn> Read(ModelReader reader) =>
        reader.ReadJson<Description>(Entry, read => read.Columns is { Length: > 0 } columns && Array.TrueForAll(columns, IsComplete)).Columns;

    private static bool IsComplete(MissingModalityColumn? column) =>
        column is { Output.Length: > 0, Input.Length: > 0, Size: > 0 } && (column.Fill is null || column.Fill.Length == 1 || column.Fill.Length == column.Size);

    private sealed record Description(MissingModalityColumn[] Columns);
}
