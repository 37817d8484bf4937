using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Onnx;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>
/// The metadata of exported ONNX files, which are what the library reads of them; graphs and weights are read by ONNX Runtime alone. Inputs are made
/// of what metadata that can be read describe.
/// </summary>
internal sealed partial class OnnxFormat : FuzzFormat
{
    private static readonly byte[][] Tokens = [.. new[]
    {
        "\"modality\":\"vector\"", "\"modality\":\"text\"", "\"modality\":\"image\"", "\"modality\":\"proteinStructure\"",
        "null", "NaN", "\"Infinity\"", "{", "[",
    }.Select(Encoding.UTF8.GetBytes)];

    private readonly SortedDictionary<string, string>[] _towers = [.. SmallModels.All.SelectMany(model => model.Towers)];

    public override string Name => "onnx";

    public override int Weight => 5;

    public override IReadOnlyList<Type> Documented => [typeof(FormatException)];

    // Neighbours, pixels and vocabularies are made of what is described, within the options' ranges.
    public override long Justified(int length) => (24L << 20) + 64L * length;

    public override byte[] Make(Random random)
    {
        var mutator = new ByteMutator(random, Tokens);
        var metadata = new SortedDictionary<string, string>(_towers[random.Next(_towers.Length)], StringComparer.Ordinal);
        var other = _towers[random.Next(_towers.Length)];
        var key = random.Next(5) > 0 ? TowerMetadata.Tower : metadata.Keys.ElementAt(random.Next(metadata.Count));
        switch (random.Next(6))
        {
            case 0:
                metadata.Remove(key);
                break;
            case 1:
                metadata[key] = other[key];
                break;
            case 2:
                metadata[key] = Encoding.UTF8.GetString(mutator.Mutate(Encoding.UTF8.GetBytes(metadata[key]), Encoding.UTF8.GetBytes(other[key])));
                break;
            default:
                var values = Value().Matches(metadata[key]);
                if (values.Count == 0)
                    goto case 2;
                var value = values[random.Next(values.Count)].Groups[1];
                var instead = random.Next(4) == 0 ? "null" : ByteMutator.InterestingNumber(random);
                metadata[key] = string.Concat(metadata[key].AsSpan(0, value.Index), instead, metadata[key].AsSpan(value.Index + value.Length));
                break;
        }
        return JsonSerializer.SerializeToUtf8Bytes(metadata);
    }

    public override void Read(byte[] file)
    {
        var inputs = OnnxPreprocessor.FromMetadata(JsonSerializer.Deserialize<Dictionary<string, string>>(file)!);
        try
        {
            var arrays = inputs.Modality switch
            {
                VectorModality => inputs.Create([new float[MadeUp.DimensionA]]),
                ProteinStructureModality => inputs.Create([new AlphaCarbonTrace(new[] { 0f, 0, 0, 3.8f, 0, 0, 3.8f, 3.8f, 0 })]),
                ImageModality => Pictures(inputs),
                _ => inputs.Create(["MKVLAA", "A text."]),
            };
            if (arrays.Count == 0 || arrays.Any(array => array.Shape.Any(size => size < 0)))
                throw new LossException("Inputs without a shape.");
        }
        catch (ArgumentException)
        {
            // Other vectors than the tower takes.
        }
    }

    private static IReadOnlyList<OnnxInput> Pictures(OnnxPreprocessor inputs)
    {
        using var picture = MLImage.CreateFromPixels(2, 2, MLPixelFormat.Bgra32, new byte[16]);
        return inputs.Create([picture]);
    }

    [GeneratedRegex("""[:\[,](-?[0-9][0-9.eE+-]*|"[^"]*"|true|false|null)(?=[,\]}])""")]
    private static partial Regex Value();
}
