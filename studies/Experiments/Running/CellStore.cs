using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Experiments.Running;

/// <summary>
/// The computed cells: a file of one JSON line each, appended and flushed as a cell ends. A process that is killed leaves at most one torn line at the
/// end, which the next start cuts off.
/// </summary>
internal sealed class CellStore : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private readonly Dictionary<CellKey, CellResult> _cells = [];
    private readonly FileStream _file;
    private readonly Lock _lock = new();

    /// <summary>Opens or creates the file; <see cref="OutputLock"/> keeps other processes from writing it meanwhile.</summary>
    /// <param name="path">The file.</param>
    /// <param name="note">Receives what was wrong with it.</param>
    /// <exception cref="InvalidDataException">A line before the last is no cell.</exception>
    public CellStore(string path, Action<string> note)
    {
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            Load(path, note);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public CellResult? Find(CellKey key)
    {
        lock (_lock)
            return _cells.GetValueOrDefault(key);
    }

    public void Add(CellResult cell)
    {
        byte[] line = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(cell, Json) + "\n");
        lock (_lock)
        {
            _file.Write(line);
            _file.Flush(flushToDisk: true);
            _cells[cell.Key] = cell;
        }
    }

    public void Dispose() => _file.Dispose();

    private void Load(string path, Action<string> note)
    {
        var content = new byte[_file.Length];
        _file.ReadExactly(content);
        var number = 0;
        for (int start = 0, end; start < content.Length; start = end + 1)
        {
            number++;
            end = Array.IndexOf(content, (byte)'\n', start);
            if (end >= 0 && Parse(content.AsSpan(start..end)) is { } cell)
            {
                _cells[cell.Key] = cell; // a later line replaces an earlier one
                continue;
            }

            if (end >= 0 && end != content.Length - 1)
                throw new InvalidDataException($"{path}, line {number}: expected a cell's JSON, found something else; repair or delete the line.");
            note($"{path}, line {number}: torn, as a killed process leaves it; dropped, its cell is computed again.");
            _file.SetLength(start);
            break;
        }

        _file.Position = _file.Length;
    }

    private static CellResult? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize<CellResult>(line, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
