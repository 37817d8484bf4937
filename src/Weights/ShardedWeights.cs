using System.Text.Json;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>
/// Reads a checkpoint in several files, as Hugging Face writes large ones: an index <c>{"weight_map": {tensor: file}}</c> and the files beside it, of any
/// single-file format.
/// </summary>
internal static class ShardedWeights
{
    private const int MaximumLength = 64 << 20;
    private const string MapKey = "weight_map";

    /// <summary>Reads the index and then its files, one after the other.</summary>
    /// <exception cref="FileNotFoundException">Lists every file that is missing, before any is read.</exception>
    /// <exception cref="InvalidDataException">The index is malformed, leads out of its folder, or a file lacks what it says.</exception>
    public static StateDict Read(Stream index, string path, WeightRequest? request = null)
    {
        var map = ReadMap(index, path);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var shards = map.GroupBy(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal).ToArray();
        var missing = shards.Select(shard => shard.Key).Where(name => !File.Exists(Path.Combine(folder, name))).ToArray();
        if (missing.Length > 0)
            throw new FileNotFoundException($"{path}: {missing.Length} of {shards.Length} files are missing beside the index: {Shown.List(missing)}.",
                Path.Combine(folder, missing[0]));
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (var shard in shards)
            {
                using var stream = File.OpenRead(Path.Combine(folder, shard.Key));
                using var part = WeightFile.ReadSingle(stream, Path.Combine(folder, shard.Key));
                var expected = shard.ToHashSet(StringComparer.Ordinal);
                if (!expected.IsSubsetOf(part.Keys))
                    throw new InvalidDataException(
                        $"{part.Source}: the tensors differ from those of {path}. Missing: {Shown.List([.. expected.Except(part.Keys)])}. "
                        + $"Unexpected: {Shown.List([.. part.Keys.Except(expected)])}.");
                request?.NoteLeftOut(part.Source, [.. part.Keys.Where(name => !expected.Contains(name))]);
                foreach (var (name, tensor) in part.Take())
                {
                    if (expected.Contains(name))
                        tensors.Add(name, tensor);
                    else
                        tensor.Dispose();
                }
            }
            return new StateDict(path, map.Keys.Select(name => KeyValuePair.Create(name, tensors[name])));
        }
        catch
        {
            foreach (var tensor in tensors.Values)
                tensor.Dispose();
            throw;
        }
    }

    private static OrderedDictionary<string, string> ReadMap(Stream index, string path)
    {
        if (index.Length > MaximumLength)
            throw new InvalidDataException($"{path}: an index of {index.Length} bytes; {MaximumLength} are allowed.");
        var map = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var document = JsonDocument.Parse(index);
            if (!document.RootElement.TryGetProperty(MapKey, out var entries) || entries.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException($"{path}: JSON, but no index of weights: expected an object '{MapKey}'.");
            foreach (var entry in entries.EnumerateObject())
            {
                if (entry.Value.ValueKind != JsonValueKind.String || entry.Value.GetString()! is var file && !IsPlainName(file))
                    throw new InvalidDataException(
                        $"{path}: '{Shown.Name(entry.Name)}': expected the name of a file in the index's folder, found "
                            + $"'{Shown.Name(entry.Value.ToString())}'.");
                if (!map.TryAdd(entry.Name, file))
                    throw new InvalidDataException($"{path}: two entries '{Shown.Name(entry.Name)}'.");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter for half a surrogate pair
        {
            throw new InvalidDataException($"{path}: the index is not valid JSON: {e.Message}", e);
        }
        return map.Count > 0 ? map : throw new InvalidDataException($"{path}: '{MapKey}' names no tensors.");
    }

    private static bool IsPlainName(string name) => name.Length > 0 && name is not ("." or "..") && name.AsSpan().IndexOfAny("/\\:\0") < 0;
}
