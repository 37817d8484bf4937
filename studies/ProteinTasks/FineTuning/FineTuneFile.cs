using System.Text.Json;
using System.Text.Json.Serialization;
using ProteinTasks.Running;

namespace ProteinTasks.FineTuning;

/// <summary>The rows that are done, in a file with the set-up that they are of.</summary>
internal sealed class FineTuneFile
{
    // A property that is not there, or one too many, is another version's.
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        RespectNullableAnnotations = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private readonly string _path;
    private readonly FineTuneSetup _setup;
    private readonly List<FineTuneRow> _rows;

    private FineTuneFile(string path, FineTuneSetup setup, List<FineTuneRow> rows) => (_path, _setup, _rows) = (path, setup, rows);

    /// <summary>The rows.</summary>
    public IReadOnlyList<FineTuneRow> Rows => _rows;

    /// <summary>Opens a file, which need not be there.</summary>
    /// <exception cref="InvalidDataException">It is no such file, or of another set-up; the message says what is different.</exception>
    public static FineTuneFile Open(string path, FineTuneSetup setup)
    {
        if (!File.Exists(path))
            return new FineTuneFile(path, setup, []);
        const string Way = "Name another file with --json, or start as before.";
        Content found;
        try
        {
            found = JsonSerializer.Deserialize<Content>(File.ReadAllText(path), Json) ?? throw new JsonException("found null");
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException(
                $"{path}: expected the rows of a fine-tuning and their set-up, as this version writes them: {problem.Message} {Way}", problem);
        }
        return setup.DifferencesFrom(found.Setup) is { Length: > 0 } differences
            ? throw new InvalidDataException($"{path} has rows of another set-up: {differences}. {Way}")
            : new FineTuneFile(path, setup, [.. found.Rows]);
    }

    /// <summary>Whether a stage is done; one that no seed changes is done with whichever.</summary>
    public bool Has(string stage, string preset, int? seed) =>
        _rows.Exists(row => row.Stage == stage && row.Preset == preset && (seed is null || row.Seed == seed));

    /// <summary>Adds the rows of a stage, and writes all.</summary>
    public void Add(IEnumerable<FineTuneRow> rows)
    {
        _rows.AddRange(rows);
        StageCache.Write(_path, stream => JsonSerializer.Serialize(stream, new Content { Setup = _setup, Rows = _rows }, Json));
    }

    private sealed record Content
    {
        public required FineTuneSetup Setup { get; init; }

        public required IReadOnlyList<FineTuneRow> Rows { get; init; }
    }
}
