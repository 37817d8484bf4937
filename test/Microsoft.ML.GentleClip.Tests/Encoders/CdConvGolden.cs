using System.Text.Json;
using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

/// <summary>Reads data/golden/encoders/cdconv, made with the public code's formulas in float64.</summary>
internal static class CdConvGolden
{
    private static readonly JsonDocument Document = JsonDocument.Parse(File.ReadAllText(PathOf("cdconv.json")));

    public static JsonElement Root => Document.RootElement;

    public static string PathOf(string file) => Path.Combine(AppContext.BaseDirectory, "data", "golden", "encoders", "cdconv", file);

    public static Chain ChainOf(string name)
    {
        var chain = Root.GetProperty("chains").GetProperty(name);
        return new Chain(
            Array.ConvertAll(Numbers(chain.GetProperty("pos")), value => (float)value),
            Array.ConvertAll(Numbers(chain.GetProperty("residue_ids")), value => (byte)value));
    }

    public static Chain[] Chains(JsonElement owner) => [.. owner.GetProperty("chains").EnumerateArray().Select(name => ChainOf(name.GetString()!))];

    public static double[] Numbers(JsonElement element) =>
        [.. (element.ValueKind == JsonValueKind.Object ? element.GetProperty("data") : element).EnumerateArray().Select(value => value.GetDouble())];

    public static int[] Integers(JsonElement element) => Array.ConvertAll(Numbers(element), value => (int)value);

    public static Tensor Read(JsonElement element, ScalarType type = ScalarType.Float64) =>
        tensor(Numbers(element), [.. element.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())]).to(type);

    public static CdConvOptions OptionsOf(JsonElement config) => new()
    {
        Channels = Integers(config.GetProperty("channels")),
        Radii = Numbers(config.GetProperty("geometric_radii")),
        KernelChannels = Integers(config.GetProperty("kernel_channels")),
        SequentialKernelSize = config.GetProperty("sequential_kernel_size").GetInt32(),
        BaseWidth = config.GetProperty("base_width").GetInt32(),
        ResidueDimension = config.GetProperty("embedding_dim").GetInt32(),
        Dropout = 0,
        CoordinateNoise = 0,
    };

    /// <summary>Compares every element; the tolerance is relative to the larger of the floor and the largest expected value.</summary>
    public static void AssertClose(Tensor expected, Tensor actual, double tolerance, string what, double floor = 0)
    {
        using var scope = NewDisposeScope();
        CollectionAssert.AreEqual(expected.shape, actual.shape, what);
        var largest = Math.Max(floor, expected.abs().max().to(ScalarType.Float64).item<double>());
        var difference = (expected.to(ScalarType.Float64) - actual.detach().to(ScalarType.Float64)).abs().max().item<double>();
        Assert.IsLessThanOrEqualTo(tolerance * largest, difference, $"{what}: largest difference {difference}, largest value {largest}");
    }

    public static void AssertClose(double[] expected, ReadOnlySpan<double> actual, double tolerance, string what)
    {
        Assert.AreEqual(expected.Length, actual.Length, what);
        for (var i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], tolerance, $"{what}: element {i}");
    }
}
