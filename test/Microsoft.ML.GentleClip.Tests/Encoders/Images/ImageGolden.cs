using System.Text.Json;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

/// <summary>Expected values of the networks for pictures, computed in float64 with the reference implementations.</summary>
internal static class ImageGolden
{
    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "data", "golden", "encoders");

    public static string PathOf(string network, string file) => Path.Combine(Root, network, file);

    public static JsonElement Read(string network, string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(PathOf(network, file)));
        return json.RootElement.Clone();
    }

    public static Tensor Tensor(JsonElement element) =>
        tensor(Numbers(element.GetProperty("data")), [.. element.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())]);

    public static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetDouble())];

    public static void AssertClose(Tensor expected, Tensor actual, double tolerance, string what = "", bool relative = false)
    {
        CollectionAssert.AreEqual(expected.shape, actual.shape, what);
        using var scope = NewDisposeScope();
        var scale = relative ? expected.abs().max().to(ScalarType.Float64).item<double>() : 1;
        var worst = (expected.to(ScalarType.Float64) - actual.to(ScalarType.Float64)).abs().max().item<double>();
        Assert.IsLessThanOrEqualTo(tolerance * scale, worst, what);
    }

    /// <summary>Shape, sums and twelve values of a large tensor.</summary>
    public static void AssertDigest(JsonElement expected, Tensor actual, double tolerance, string what)
    {
        using var scope = NewDisposeScope();
        CollectionAssert.AreEqual(expected.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray(), actual.shape, what);
        var values = actual.to(ScalarType.Float64);
        var largest = values.abs().max().item<double>();
        var flat = values.flatten().data<double>().ToArray();
        foreach (var (index, value) in expected.GetProperty("flat_index").EnumerateArray().Select(i => i.GetInt32())
            .Zip(Numbers(expected.GetProperty("value"))))
            Assert.AreEqual(value, flat[index], tolerance * largest, $"{what} at {index}");
        Assert.AreEqual(expected.GetProperty("sum").GetDouble(), flat.Sum(), tolerance * largest * flat.Length, what);
        Assert.AreEqual(expected.GetProperty("sum_of_squares").GetDouble(), flat.Sum(value => value * value),
            tolerance * largest * largest * flat.Length, what);
    }
}
