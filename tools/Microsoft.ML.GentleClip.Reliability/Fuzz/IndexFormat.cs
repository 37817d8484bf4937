using System.Text;
using Microsoft.ML.GentleClip.Weights;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>The index of a checkpoint in several files. A sound file lies outside the folder and must never be read.</summary>
internal sealed class IndexFormat : FuzzFormat
{
    private const string Outside = "outside.safetensors";
    private static readonly byte[][] Tokens = [.. SafetensorsFormat.Tokens,
        .. new[] { "../", $"../{Outside}", $"./../{Outside}", "/etc/passwd", "..\\\\", "\"1\"", "\"2\"", "\"weight_map\"", "\u0000" }.Select(
            Encoding.UTF8.GetBytes)];

    private readonly string _path;
    private readonly byte[] _index;
    private readonly string _outsideName;

    public IndexFormat(string folder)
    {
        var inner = Directory.CreateDirectory(Path.Combine(folder, "inner")).FullName;
        var head = Seeds.Read("head.safetensors");
        File.WriteAllBytes(Path.Combine(inner, "1"), head);
        File.WriteAllBytes(Path.Combine(folder, Outside), Seeds.Read("zoo.safetensors"));
        using (var outside = SafetensorsReader.Read(Path.Combine(folder, Outside)))
            _outsideName = outside.Keys.First();
        using var tensors = SafetensorsReader.Read(new MemoryStream(head), "head");
        _index =
            Encoding.UTF8.GetBytes(
                $$"""{"metadata": {}, "weight_map": { {{string.Join(", ", tensors.Keys.Select(name => $"\"{name}\": \"1\""))}}, "{{_outsideName}}": "../{{Outside}}" } }""");
        _path = Path.Combine(inner, "model.index.json");
    }

    public override string Name => "index";

    public override int Weight => 30;

    public override IReadOnlyList<Type> Documented => [typeof(InvalidDataException), typeof(FileNotFoundException)];

    public override byte[] Make(Random random)
    {
        // Half of them without the way out, which alone is refused.
        var index = random.Next(2) == 0 ? _index
            : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(_index).Replace($", \"{_outsideName}\": \"../{Outside}\"", "", StringComparison.Ordinal));
        return new ByteMutator(random, Tokens).Mutate(index, _index);
    }

    public override void Read(byte[] file)
    {
        File.WriteAllBytes(_path, file);
        using var tensors = WeightFile.Read(_path);
        if (tensors.ContainsKey(_outsideName))
            throw new LossException("A file outside of the index's folder was read.");
    }
}
