using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip;

namespace Experiments.Configuration;

/// <summary>
/// Values for properties of <see cref="GentleClipOptions"/>, by name, so that options which the library gains need no code here. The key
/// <c>encoder</c> sets <see cref="VectorEncoderOptions"/> of both modalities; <c>objectives</c> changes the preset's by name, adds others of the library,
/// and leaves out those that are null.
/// </summary>
internal sealed class OptionOverrides(string file, string path, JsonElement values)
{
    public const string Encoder = "encoder", Objectives = "objectives";

    // The runner's own business.
    private static readonly string[] Reserved =
    [
        nameof(GentleClipOptions.ModalityA), nameof(GentleClipOptions.ModalityB), nameof(GentleClipOptions.PairedColumnName), nameof(GentleClipOptions.Seed),
        nameof(GentleClipOptions.Progress), nameof(GentleClipOptions.CancellationToken), nameof(GentleClipOptions.MaximumNumberOfSteps),
        nameof(GentleClipOptions.NumberOfThreads), nameof(GentleClipOptions.TrainingRows), nameof(GentleClipOptions.Checkpoints),
    ];

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false) },
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private static readonly Dictionary<string, Objective> Known = typeof(Objective).Assembly.GetExportedTypes()
        .Where(type => type.IsSubclassOf(typeof(Objective)) && !type.IsAbstract && type.GetConstructor([]) is not null)
        .Select(type => (Objective)Activator.CreateInstance(type)!).ToDictionary(objective => objective.Name);

    public static OptionOverrides None { get; } = new("", "", JsonDocument.Parse("{}").RootElement);

    /// <summary>The values in one line, for tables.</summary>
    public override string ToString() => values.GetRawText().ReplaceLineEndings("").Replace("  ", "", StringComparison.Ordinal);

    /// <summary>Sets the values.</summary>
    /// <exception cref="ConfigurationException">A key is unknown or its value wrong.</exception>
    public VectorEncoderOptions Apply(GentleClipOptions options, VectorEncoderOptions encoder)
    {
        foreach (var property in Properties(values, path))
        {
            if (property.Name == Encoder)
                encoder = (VectorEncoderOptions)Merge(encoder, property.Value, $"{path}.{Encoder}");
            else if (property.Name == Objectives)
                options.Objectives = Merge(options.Objectives, property.Value);
            else
                Set(options, property);
        }

        return encoder;
    }

    /// <summary>Every option as JSON, in the order of the names: equal text, equal settings.</summary>
    public static JsonObject Describe(GentleClipOptions options, VectorEncoderOptions encoder)
    {
        var described = new JsonObject();
        foreach (var property in Settable(typeof(GentleClipOptions)).Where(property => !Reserved.Contains(property.Name))
            .OrderBy(property => property.Name, StringComparer.Ordinal))
            described[Key(property)] = property.GetValue(options) is ObjectiveList objectives
                ? new JsonObject(objectives.Select(objective => KeyValuePair.Create(objective.Name, (JsonNode?)Settings(objective))))
                : JsonSerializer.SerializeToNode(property.GetValue(options), property.PropertyType, Json);
        described[Encoder] = JsonSerializer.SerializeToNode(encoder, Json);
        return described;
    }

    private void Set(GentleClipOptions options, JsonProperty value)
    {
        var target = Find(typeof(GentleClipOptions), value.Name, path);
        if (Reserved.Contains(target.Name))
            throw Error($"{path}.{value.Name}", "the runner sets this option itself");
        var former = target.GetValue(options);
        var next = former is not null && IsGroup(target.PropertyType) && value.Value.ValueKind != JsonValueKind.Null
            ? Merge(former, value.Value, $"{path}.{value.Name}")
            : Convert(value.Value, target.PropertyType, $"{path}.{value.Name}");
        try
        {
            target.SetValue(options, next);
        }
        catch (TargetInvocationException problem)
        {
            throw Error($"{path}.{value.Name}", problem.InnerException!.Message.ReplaceLineEndings(" "));
        }
    }

    // A copy of a record with some properties changed: by way of JSON, which init-only properties allow.
    private object Merge(object former, JsonElement changes, string at)
    {
        var type = former.GetType();
        var merged = Settings(former);
        foreach (var change in Properties(changes, at))
        {
            var property = Find(type, change.Name, at);
            var value = property.GetValue(former) is { } inner && IsGroup(property.PropertyType)
                ? Merge(inner, change.Value, $"{at}.{change.Name}")
                : Convert(change.Value, property.PropertyType, $"{at}.{change.Name}");
            merged[Key(property)] = JsonSerializer.SerializeToNode(value, property.PropertyType, Json);
            try
            {
                // One at a time, so that a value out of range is known by its key.
                merged.Deserialize(type, Json);
            }
            catch (Exception problem) when (problem is ArgumentException or JsonException)
            {
                throw Error($"{at}.{change.Name}", problem.Message.ReplaceLineEndings(" "));
            }
        }

        return merged.Deserialize(type, Json)!;
    }

    private ObjectiveList Merge(ObjectiveList former, JsonElement changes)
    {
        var at = $"{path}.{Objectives}";
        foreach (var change in Properties(changes, at))
        {
            var objective = former.FirstOrDefault(objective => objective.Name == change.Name) ?? Known.GetValueOrDefault(change.Name)
                ?? throw Error($"{at}.{change.Name}", $"unknown objective; expected one of {string.Join(", ", Known.Keys.Order(StringComparer.Ordinal))}");
            former = change.Value.ValueKind == JsonValueKind.Null
                ? [.. former.Where(other => other.Name != change.Name)]
                : former.With((Objective)Merge(objective, change.Value, $"{at}.{change.Name}"));
        }

        return former;
    }

    private object? Convert(JsonElement value, Type type, string at)
    {
        try
        {
            return value.Deserialize(type, Json);
        }
        catch (Exception problem) when (problem is JsonException or NotSupportedException or ArgumentException)
        {
            var plain = Nullable.GetUnderlyingType(type) ?? type;
            var expected = plain.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(plain))}" : $"a value of {plain.Name}";
            throw Error(at, $"expected {expected}, found {ConfigSection.Describe(value)}");
        }
    }

    private PropertyInfo Find(Type type, string key, string at) =>
        Settable(type).FirstOrDefault(property => Key(property) == key)
        ?? throw Error(
            $"{at}.{key}",
            $"unknown key; {type.Name} has {string.Join(", ", Settable(type).Where(property => !Reserved.Contains(property.Name)).Select(Key).Order())}");

    private JsonElement.ObjectEnumerator Properties(JsonElement value, string at) =>
        value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : throw Error(at, $"expected an object, found {ConfigSection.Describe(value)}");

    private ConfigurationException Error(string at, string problem) => new($"{file}: {at}: {problem.TrimEnd('.')}.");

    // Without what is computed.
    private static JsonObject Settings(object group)
    {
        var settings = JsonSerializer.SerializeToNode(group, group.GetType(), Json)!.AsObject();
        var settable = Settable(group.GetType()).Select(Key).ToHashSet(StringComparer.Ordinal);
        foreach (var name in settings.Select(setting => setting.Key).Where(name => !settable.Contains(name)).ToArray())
            settings.Remove(name);
        return settings;
    }

    private static IEnumerable<PropertyInfo> Settable(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property is { CanRead: true, CanWrite: true } && property.GetIndexParameters().Length == 0);

    private static string Key(PropertyInfo property) => JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    private static bool IsGroup(Type type) => type is { IsClass: true, IsAbstract: false } && type.Namespace == typeof(GentleClipOptions).Namespace;
}
