using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>How far a training had come by its newest checkpoint.</summary>
internal readonly record struct KillProgress(int Training, int Step, bool IsFinished) : IComparable<KillProgress>
{
    public int CompareTo(KillProgress other) => (Training, Step, IsFinished).CompareTo((other.Training, other.Step, other.IsFinished));
}

/// <summary>What a killed process left, looked at without the library.</summary>
internal sealed partial class KillFolder(string path)
{
    public const string Checkpoints = "checkpoints", Model = "model.zip", Direct = "direct.zip", Tower = "tower.safetensors";

    public string Path { get; } = path;

    /// <summary>Files that were being written, and removes those of the model.</summary>
    public int TakeTemporaries()
    {
        var files = Directory.GetFiles(Path, "*.tmp", SearchOption.AllDirectories);
        foreach (var file in files.Where(file => System.IO.Path.GetDirectoryName(file) == Path))
            File.Delete(file);
        return files.Length;
    }

    /// <summary>The newest checkpoint of each training, by its name.</summary>
    /// <exception cref="LossException">A checkpoint is not what its name says.</exception>
    public SortedDictionary<int, (KillProgress Progress, string Name)> Newest()
    {
        var newest = new SortedDictionary<int, (KillProgress Progress, string Name)>();
        var folder = System.IO.Path.Combine(Path, Checkpoints);
        if (!Directory.Exists(folder))
            return newest;
        foreach (var file in Directory.GetFiles(folder, "*.safetensors"))
        {
            var name = System.IO.Path.GetFileName(file);
            var match = Name().Match(name);
            using var stream = File.OpenRead(file);
            if (!match.Success || !Convert.ToHexStringLower(SHA256.HashData(stream)).StartsWith(match.Groups[4].Value, StringComparison.Ordinal))
                throw new LossException($"The checkpoint {file} is not what its name says.");
            var progress = new KillProgress(Number(1), Number(2), match.Groups[3].Value == "end");
            if (!newest.TryGetValue(progress.Training, out var other) || progress.CompareTo(other.Progress) > 0)
                newest[progress.Training] = (progress, name);

            int Number(int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
        }
        return newest;
    }

    /// <summary>Hash of every entry of a model's zip by name, which unlike the zip itself hold no times.</summary>
    public static string HashOfModel(string file)
    {
        using var zip = ZipFile.OpenRead(file);
        return string.Join('\n', zip.Entries.OrderBy(entry => entry.FullName, StringComparer.Ordinal).Select(entry =>
        {
            using var stream = entry.Open();
            return $"{entry.FullName} {Convert.ToHexStringLower(SHA256.HashData(stream))}";
        }));
    }

    public static string HashOf(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    [GeneratedRegex(@"^checkpoint-(\d+)-(\d+)-(run|end)-([0-9a-f]{32})\.safetensors$")]
    private static partial Regex Name();
}
