using System.Text.Json;

namespace Microsoft.ML.GentleClip.Options;

/// <summary>The <c>config.json</c> of a folder of weights as it is downloaded, which tells the network's size.</summary>
internal sealed class PretrainedConfig
{
    private const string FileName = "config.json", Architecture = "architecture";
    private const long MaximumLength = 1 << 20;

    private readonly Dictionary<string, JsonElement> _entries;

    private PretrainedConfig(Dictionary<string, JsonElement> entries) => _entries = entries;

    /// <summary>timm's name of the architecture, such as <c>resnet18</c>; null where there is none.</summary>
    public string? Name => _entries.TryGetValue(Architecture, out var name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;

    /// <summary>
    /// The size that the folder's file tells; null where <paramref name="weightsFile"/> is no folder, has no such file, or the file does not tell. Weights of
    /// another size than the default are then refused when they are read, with both sizes.
    /// </summary>
    public static T? Size<T>(string weightsFile, Func<PretrainedConfig, T?> size) where T : class
    {
        var path = Path.Combine(weightsFile, FileName);
        try
        {
            if (!Directory.Exists(weightsFile) || !File.Exists(path) || new FileInfo(path).Length > MaximumLength)
                return null;
            return JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(File.ReadAllBytes(path)) is { } entries
                ? size(new PretrainedConfig(entries))
                : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Refuses a folder whose file is there and cannot be read: a size would be guessed.</summary>
    /// <exception cref="InvalidDataException">The file is too long or no JSON object.</exception>
    public static void Check(string weightsFile, string column)
    {
        var path = Path.Combine(weightsFile, FileName);
        if (!Directory.Exists(weightsFile) || !File.Exists(path))
            return;
        if (new FileInfo(path).Length > MaximumLength)
            throw new InvalidDataException($"{path} of column '{column}': expected at most {MaximumLength} bytes, found {new FileInfo(path).Length}.");
        try
        {
            _ = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(File.ReadAllBytes(path)) ?? throw new JsonException("it is null");
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException($"{path} of column '{column}': expected a JSON object that tells the network's size: {problem.Message}", problem);
        }
    }

    /// <summary>A whole number; null where there is none.</summary>
    public int? Number(string name) => _entries.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
        ? number
        : null;
}
