using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>
/// Saved models. Of entries: the library's own, broken within a sound zip file. Otherwise the zip file itself and what ML.NET keeps in it, which
/// ML.NET's loader reads first.
/// A model that loads scores a few rows.
/// </summary>
internal sealed partial class ModelFormat : FuzzFormat
{
    private const string Description = "model.json", Weights = "weights.safetensors", Key = "Model.key";
    private static readonly byte[][] Tokens = [.. SafetensorsFormat.Tokens, .. new[]
    {
        "PK\u0003\u0004", "PK\u0001\u0002", "PK\u0005\u0006", "../", "ML MODEL", "GNTLCLIP", "TransformerChain", "\"modality\": \"vector\"",
        "\"modality\": \"image\"", "NaN", "\"Infinity\"",
    }.Select(Encoding.Latin1.GetBytes)];

    private readonly bool _ofEntries;
    private readonly MLContext _mlContext = new(seed: 1);
    private readonly IReadOnlyList<SmallModel> _models = SmallModels.All;
    private readonly string _parent;
    private readonly string[] _neighbours;

    public ModelFormat(bool ofEntries)
    {
        _ofEntries = ofEntries;
        _parent = Path.GetFullPath(Path.Combine(Path.GetTempPath(), ".."));
        _neighbours = Directory.GetFileSystemEntries(_parent);
    }

    public override string Name => _ofEntries ? "model" : "model-zip";

    public override int Weight => _ofEntries ? 20 : 7;

    // ML.NET's loader throws what it throws at headers and catalogs of its own that are broken.
    public override IReadOnlyList<Type> Documented => _ofEntries
        ? [typeof(FormatException), typeof(InvalidDataException)]
        :
        [
            typeof(FormatException), typeof(InvalidDataException), typeof(InvalidOperationException), typeof(ArgumentException),
            typeof(ArgumentOutOfRangeException), typeof(IOException), typeof(EndOfStreamException), typeof(FileLoadException),
            typeof(FileNotFoundException), typeof(NotSupportedException),
        ];

    // Networks are built before the weights are filled in.
    public override long Justified(int length) => (24L << 20) + 64L * length;

    public override bool BuildsModels => true;

    public override byte[] Make(Random random)
    {
        var model = _models[random.Next(_models.Count)];
        var mutator = new ByteMutator(random, Tokens);
        var other = _models[random.Next(_models.Count)];
        if (!_ofEntries && random.Next(2) == 0)
            return mutator.Mutate(model.File, other.File);
        if (!_ofEntries)
        {
            var chosen = random.Next(model.Members.Length);
            return Zips.Write(model.Members.SelectMany((member, i) => i != chosen ? [member] : random.Next(6) switch
            {
                0 => [],
                1 => [member, member],
                2 => [("../" + member.Name, member.Content)],
                3 => [(member.Name, [])],
                _ => new[] { (member.Name, mutator.Mutate(member.Content, other.File)) },
            }), CompressionLevel.Fastest);
        }
        var target = random.Next(20) switch { < 11 => Description, < 19 => Weights, _ => "" };
        // With its digest, most of what is broken is found by that.
        var hasDigests = random.Next(8) == 0;
        var members = model.Members.Where(member => hasDigests || !member.Name.EndsWith(".sha256", StringComparison.Ordinal));
        var broken = members.SelectMany(member => Path.GetFileName(member.Name) != target ? [member] : new[]
        {
            (member.Name, target == Description ? Json(member.Content, mutator, random) : SafetensorsFormat.Mutated(member.Content, other.File, random)),
        });
        return Zips.Write(broken.Where(member => target.Length > 0 || random.Next(4) > 0 || Path.GetFileName(member.Item1) is not (Description or Weights)),
            CompressionLevel.Fastest);
    }

    public override void Read(byte[] file)
    {
        var model = _mlContext.Model.Load(new MemoryStream(file), out _);
        using var disposed = model as IDisposable;
        foreach (var rows in _models.Select(other => other.Rows))
        {
            try
            {
                var column = model is GentleClipTransformer own ? own.ModalityA.OutputColumnName : "";
                if (model.Transform(rows).GetColumn<float[]>(column).Any(embedding => embedding is null))
                    throw new LossException("An embedding is null.");
            }
            catch (Exception problem) when (problem is ArgumentOutOfRangeException or ArgumentException or InvalidOperationException or FormatException)
            {
                // Rows of another model.
            }
        }
    }

    public override void Finish()
    {
        if (Directory.GetFileSystemEntries(_parent).Except(_neighbours).Where(path => path != Path.GetTempPath().TrimEnd('/')).FirstOrDefault() is { } written)
            throw new LossException($"Reading a model wrote {written}.");
    }

    // Texts as such, and numbers, truth values and whole lines for others.
    private static byte[] Json(byte[] json, ByteMutator mutator, Random random)
    {
        if (random.Next(3) == 0)
            return mutator.Mutate(json, json);
        var text = Encoding.UTF8.GetString(json);
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var values = Value().Matches(text);
            if (values.Count == 0)
                break;
            var value = values[random.Next(values.Count)].Groups[1];
            var instead = random.Next(8) switch
            {
                0 => "null",
                1 => "true",
                2 => "[]",
                3 => "{}",
                4 => "\"\"",
                5 => values[random.Next(values.Count)].Groups[1].Value,
                _ => ByteMutator.InterestingNumber(random),
            };
            text = string.Concat(text.AsSpan(0, value.Index), instead, text.AsSpan(value.Index + value.Length));
            if (random.Next(6) == 0)
            {
                var lines = text.Split('\n').ToList();
                var line = random.Next(lines.Count);
                if (random.Next(2) == 0)
                    lines.RemoveAt(line);
                else
                    lines.Insert(random.Next(lines.Count), lines[line]);
                text = string.Join('\n', lines);
            }
        }
        return Encoding.UTF8.GetBytes(text);
    }

    [GeneratedRegex("""(?:: |^\s*)(-?[0-9][0-9.eE+-]*|"[^"]*"|true|false|null)(?=[,\r\n])""", RegexOptions.Multiline)]
    private static partial Regex Value();
}
