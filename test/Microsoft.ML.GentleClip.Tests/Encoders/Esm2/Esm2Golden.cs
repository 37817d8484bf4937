using System.Text.Json;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

/// <summary>A small ESM-2 with stored weights, and what the authors' code computes with it in float64.</summary>
internal static class Esm2Golden
{
    public static readonly Esm2Size Size = new(3, 32, 4);

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "data", "golden", "encoders", "esm2");

    public static JsonElement Case(string name) => Read("esm2_tiny.json").GetProperty("cases").GetProperty(name);

    public static JsonElement Read(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, file)));
        return json.RootElement.Clone();
    }

    public static string[] Sequences(JsonElement golden) =>
        [.. golden.GetProperty("inputs").GetProperty("sequences").EnumerateArray().Select(s => s.GetString()!)];

    public static Tensor Tokens(JsonElement golden) => Tensor(golden.GetProperty("inputs").GetProperty("token_ids")).to(ScalarType.Int64);

    public static Tensor Expected(JsonElement golden, string name) => Tensor(golden.GetProperty("expected").GetProperty(name));

    public static StateDict Weights() => SafetensorsReader.Read(Path.Combine(Folder, "esm2_tiny.fairesm.safetensors"));

    /// <summary>The model with its stored weights.</summary>
    public static Esm2Module Model(ScalarType type, bool withHeads = true)
    {
        using var generator = new Generator(1);
        using var weights = Weights();
        var model = new Esm2Module(Size, generator, withHeads);
        model.Load(weights);
        model.to(type);
        return model;
    }

    public static void AssertClose(Tensor expected, Tensor actual, double tolerance, string what = "")
    {
        CollectionAssert.AreEqual(expected.shape, actual.shape, what);
        using var scope = NewDisposeScope();
        var worst = (expected.to(ScalarType.Float64) - actual.to(ScalarType.Float64)).abs().max().item<double>();
        Assert.IsLessThanOrEqualTo(tolerance, worst, what);
    }

    private static Tensor Tensor(JsonElement element)
    {
        var shape = element.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
        return tensor(element.GetProperty("data").EnumerateArray().Select(Number).ToArray(), shape);

        static double Number(JsonElement value) => value.ValueKind switch { JsonValueKind.True => 1, JsonValueKind.False => 0, _ => value.GetDouble() };
    }
}
