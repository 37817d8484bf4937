using System.Text.Json;

namespace Experiments.Configuration;

/// <summary>An object of the JSON file. Every key has to be asked for; <see cref="Done"/> refuses the ones that were not.</summary>
internal sealed class ConfigSection
{
    private readonly string _file, _path;
    private readonly Dictionary<string, JsonElement> _values = [];
    private readonly List<string> _known = [];

    public ConfigSection(string file, string path, JsonElement value)
    {
        (_file, _path) = (file, path);
        if (value.ValueKind != JsonValueKind.Object)
            throw Error("", $"expected an object, found {Describe(value)}");
        foreach (var property in value.EnumerateObject())
            if (!_values.TryAdd(property.Name, property.Value))
                throw Error(property.Name, "the key stands there twice");
    }

    /// <summary>Text, or null where the key is absent.</summary>
    public string? OptionalText(string key) => Find(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text
        : throw Error(key, $"expected text, found {Describe(value)}");

    /// <summary>One text or a list of texts; none where the key is absent.</summary>
    public IReadOnlyList<string> OneOrMoreTexts(string key) =>
        _values.TryGetValue(key, out var value) && value.ValueKind == JsonValueKind.Array ? OptionalTexts(key)! : OptionalText(key) is { } text ? [text] : [];

    public string Text(string key) => OptionalText(key) ?? throw Error(key, "the key is missing");

    public int? OptionalWhole(string key, int smallest) => Find(key) is { } value ? Whole(key, value, smallest) : null;

    public bool Flag(string key, bool otherwise) => Find(key) is not { } value ? otherwise
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Error(key, $"expected true or false, found {Describe(value)}");

    public IReadOnlyList<int>? OptionalWholes(string key, int smallest) => OptionalList(key, (path, value) => Whole(path, value, smallest));

    public IReadOnlyList<string>? OptionalTexts(string key) => OptionalList(key, (path, value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Error(path, $"expected text, found {Describe(value)}"));

    /// <summary>A list of numbers of rows: 20, "10%" or "all".</summary>
    public IReadOnlyList<RowCount>? OptionalCounts(string key, int smallest) => OptionalList(key, (path, value) => Count(path, value, smallest));

    public RowCount? OptionalCount(string key, int smallest) => Find(key) is { } value ? Count(key, value, smallest) : null;

    public IReadOnlyList<ConfigSection> Sections(string key) =>
        OptionalList(key, (path, value) => new ConfigSection(_file, PathOf(path), value)) ?? throw Error(key, "the key is missing");

    public ConfigSection? OptionalSection(string key) => Find(key) is { } value ? new ConfigSection(_file, PathOf(key), value) : null;

    /// <summary>Option values, kept as JSON until the preset that they change is known.</summary>
    public OptionOverrides Overrides(string key) =>
        Find(key) is { } value ? new OptionOverrides(_file, PathOf(key), value) : OptionOverrides.None;

    public IReadOnlyList<OptionOverrides> OverridesList(string key) =>
        OptionalList(key, (path, value) => new OptionOverrides(_file, PathOf(path), value)) ?? [];

    /// <summary>Refuses keys that nothing asked for.</summary>
    public void Done()
    {
        foreach (var key in _values.Keys.Except(_known))
            throw Error(key, $"unknown key; expected one of {string.Join(", ", _known)}");
    }

    public ConfigurationException Error(string key, string problem) => new($"{_file}: {PathOf(key)}: {problem}.");

    public static string Describe(JsonElement value) => value.ValueKind is JsonValueKind.Object or JsonValueKind.Array
        ? $"a JSON {value.ValueKind.ToString().ToLowerInvariant()}"
        : value.GetRawText();

    private JsonElement? Find(string key)
    {
        _known.Add(key);
        return _values.TryGetValue(key, out var value) ? value : null;
    }

    private List<T>? OptionalList<T>(string key, Func<string, JsonElement, T> read)
    {
        if (Find(key) is not { } list)
            return null;
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
            throw Error(key, $"expected a list of at least one entry, found {(list.ValueKind == JsonValueKind.Array ? "an empty one" : Describe(list))}");
        return [.. list.EnumerateArray().Select((value, i) => read($"{key}[{i}]", value))];
    }

    private int Whole(string key, JsonElement value, int smallest) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= smallest
            ? number
            : throw Error(key, $"expected a whole number of at least {smallest}, found {Describe(value)}");

    private RowCount Count(string key, JsonElement value, int smallest) => value.ValueKind == JsonValueKind.String
        ? RowCount.Parse(value.GetString()!) ?? throw Error(key, $"expected a number of rows, a share such as \"10%\" or \"all\", found {Describe(value)}")
        : RowCount.Of(Whole(key, value, smallest));

    private string PathOf(string key) => _path.Length == 0 ? key : key.Length == 0 ? _path : $"{_path}.{key}";
}
