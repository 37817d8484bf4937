using System.Text.Json;
using Microsoft.ML.GentleClip.Encoders;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

/// <summary>A small BERT with stored weights, and what the reference computes with it in float64.</summary>
internal static class BertGolden
{
    public const int Tokens = 100;

    public static readonly BertSize Size = new(2, 32, 4, 64, 40);

    public static string PathOf(string file) => Path.Combine(AppContext.BaseDirectory, "data", "golden", "encoders", "bert", file);

    /// <summary>The special tokens, then letters, then made-up words.</summary>
    public static IReadOnlyList<string> Vocabulary { get; } =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. Enumerable.Range('a', 26).Select(c => $"{(char)c}"),
            .. Enumerable.Range('a', 26).Select(c => $"##{(char)c}"),
        .. Enumerable.Range(0, Tokens - 57).Select(i => $"word{i}"),
    ];

    public static BertEncoderOptions Options { get; } = new() { Size = Size, Vocabulary = Vocabulary, MaximumLength = 40 };

    public static JsonElement Case(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(PathOf("bert_tiny.json")));
        return json.RootElement.GetProperty("cases").GetProperty(name).Clone();
    }

    public static Tensor Input(JsonElement golden, string name) => Tensor(golden.GetProperty("inputs").GetProperty(name)).to(ScalarType.Int64);

    public static Tensor Expected(JsonElement golden, string name) => Tensor(golden.GetProperty("expected").GetProperty(name));

    /// <summary>The model with its stored weights.</summary>
    public static BertModule Model(ScalarType type, string file = "bert_tiny.safetensors")
    {
        using var generator = new Generator(1);
        using var weights = BertWeightNames.Read(PathOf(file));
        var model = new BertModule(Size, Tokens, generator, withPooler: true);
        model.Load(weights);
        model.to(type);
        return model;
    }

    private static Tensor Tensor(JsonElement element) => tensor(
        element.GetProperty("data").EnumerateArray().Select(value => value.GetDouble()).ToArray(),
            [.. element.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())]);
}
