using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Weights;

/// <summary>Weight files of the reference implementations, and their values as JSON.</summary>
internal static class GoldenWeights
{
    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "data", "golden", "encoders");

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>Every value, type and shape of an object {name: {dtype, shape, data}}.</summary>
    public static void AssertEqual(JsonElement expected, IReadOnlyDictionary<string, Tensor> found)
    {
        CollectionAssert.AreEquivalent(expected.EnumerateObject().Select(property => property.Name).ToArray(), found.Keys.ToArray());
        foreach (var property in expected.EnumerateObject())
        {
            var tensor = found[property.Name];
            Assert.AreEqual(property.Value.GetProperty("dtype").GetString(), TypeName(tensor.dtype), property.Name);
            CollectionAssert.AreEqual(property.Value.GetProperty("shape").EnumerateArray().Select(length => length.GetInt64()).ToArray(),
                tensor.shape, property.Name);
            CollectionAssert.AreEqual(property.Value.GetProperty("data").EnumerateArray().Select(AsDouble).ToArray(), Doubles(tensor), property.Name);
            Assert.IsFalse(tensor.requires_grad);
            Assert.IsTrue(tensor.is_contiguous());
        }
    }

    /// <summary>The same names, types, shapes and bytes.</summary>
    public static void AssertSame(IReadOnlyDictionary<string, Tensor> expected, IReadOnlyDictionary<string, Tensor> found, string message = "")
    {
        CollectionAssert.AreEquivalent(expected.Keys.ToArray(), found.Keys.ToArray(), message);
        foreach (var (name, tensor) in expected)
        {
            Assert.AreEqual(tensor.dtype, found[name].dtype, $"{message} {name}");
            CollectionAssert.AreEqual(tensor.shape, found[name].shape, $"{message} {name}");
            Assert.IsTrue(tensor.numel() == 0 || tensor.bytes.SequenceEqual(found[name].bytes), $"{message} {name}");
        }
    }

    public static double[] Doubles(Tensor tensor)
    {
        using var converted = tensor.to(float64);
        return MemoryMarshal.Cast<byte, double>(converted.bytes).ToArray();
    }

    private static string TypeName(ScalarType type) => type == ScalarType.Byte ? "uint8" : type.ToString().ToLowerInvariant();

    private static double AsDouble(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.String => value.GetString() == "inf" ? double.PositiveInfinity : double.NegativeInfinity,
        _ => double.Parse(value.GetRawText(), CultureInfo.InvariantCulture),
    };
}
