using System.Security.Cryptography;
using System.Text;
using Experiments.Configuration;
using Microsoft.ML.GentleClip.Programs;

namespace Experiments.Data;

/// <summary>
/// The readers by name. Features that take long to compute (a network's, say) are best written once as a table, which the reader <c>table</c> takes.
/// </summary>
internal static class DataReaders
{
    private static readonly Dictionary<string, Func<DataSource, TwoViewData>> Readers = new()
    {
        ["table"] = TableReader.Read,
        ["emoji"] = EmojiReader.Read,
        ["proteins"] = ProteinReader.Read,
        ["synthetic"] = SyntheticReader.Read,
    };

    /// <exception cref="InvalidDataException">A file is not what the reader expects; the message names file and line.</exception>
    /// <exception cref="ConfigurationException">A key is missing or not known to the reader.</exception>
    public static TwoViewData Read(DataConfig config, ExperimentConfig experiment, string? dataFolder)
    {
        if (!Readers.TryGetValue(config.Reader, out var read))
            throw new ConfigurationException(
                $"{experiment.File}: data \"{config.Name}\": reader: expected one of {string.Join(", ", Readers.Keys)}, found \"{config.Reader}\".");
        return read(new DataSource(config, experiment, dataFolder));
    }
}

/// <summary>What a reader is given: the settings, and files found beside the configuration or in the data folder.</summary>
internal sealed class DataSource(DataConfig config, ExperimentConfig experiment, string? dataFolder)
{
    private readonly List<string> _files = [];

    public DataConfig Config => config;

    /// <summary>The file of the configuration, or one beside it.</summary>
    /// <exception cref="FileNotFoundException">Not there.</exception>
    public string File(string? sibling = null)
    {
        var name = Required(config.File, "file");
        if (sibling is not null)
            name = Path.Combine(Path.GetDirectoryName(name)!, sibling);
        string[] places = [.. new[] { dataFolder, experiment.Folder }.OfType<string>().Select(folder => Path.GetFullPath(Path.Combine(folder, name)))];
        var found = places.FirstOrDefault(System.IO.File.Exists)
            ?? throw new FileNotFoundException(
                $"{experiment.File}: data \"{config.Name}\": file: none of {string.Join(", ", places)} is "
                    + $"there{(dataFolder is null ? "; --data DIR names the folder of the data" : "")}.");
        if (!_files.Contains(found))
            _files.Add(found);
        return found;
    }

    public T Required<T>(T? value, string key) where T : class => value ?? throw Error(key, $"the reader \"{config.Reader}\" needs it");

    /// <summary>Refuses a key that the reader does not know.</summary>
    public void Refuse(params (object? Value, string Key)[] keys)
    {
        if (keys.FirstOrDefault(key => key.Value is not null).Key is { } key)
            throw Error(key, $"the reader \"{config.Reader}\" has no such key");
    }

    public ConfigurationException Error(string key, string problem) => new($"{experiment.File}: data \"{config.Name}\": {key}: {problem}.");

    /// <summary>Text of a file, gzipped or not.</summary>
    public static StreamReader OpenText(string file) => new(Open(file));

    public static Stream Open(string file) => GzipFile.Open(file, $"{file}: ");

    /// <summary>The data set, with a hash of everything that it was made from.</summary>
    public TwoViewData Result(float[]?[] a, float[]?[] b, string[]? labels)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Where test rows and foreign rows come from is not a matter of what the rows are.
        hash.AppendData(Encoding.UTF8.GetBytes((config with { Name = "", File = null, TestRows = null, Foreign = null }).ToString()));
        foreach (var file in _files)
        {
            using var stream = System.IO.File.OpenRead(file);
            hash.AppendData(SHA256.HashData(stream));
        }

        var kept = Enumerable.Range(0, a.Length).Where(row => a[row] is not null || b[row] is not null)
            .Take(config.Reader == "synthetic" ? int.MaxValue : config.Rows ?? int.MaxValue).ToArray();
        if (kept.All(row => a[row] is null || b[row] is null))
            throw Error("file", "no row has both sides");
        return new TwoViewData(
            config.Name, [.. kept.Select(row => a[row])], [.. kept.Select(row => b[row])], labels is null ? null : [.. kept.Select(row => labels[row])],
            Convert.ToHexString(hash.GetCurrentHash()));
    }
}
