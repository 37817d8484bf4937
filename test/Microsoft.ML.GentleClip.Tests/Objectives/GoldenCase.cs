using System.Text.Json;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

/// <summary>A case of data/golden/objectives: inputs, and the value and gradients that a reference implementation found for them in float64.</summary>
public sealed class GoldenCase(JsonElement json)
{
    /// <summary>Relative to the largest element of what is compared; plus 1e-12, for gradients that are zero but for rounding.</summary>
    public const double Tolerance = 1e-9;

    public string Name => json.GetProperty("name").GetString()!;

    public double ExpectedValue => json.GetProperty("expected_value").GetDouble();

    public static IEnumerable<GoldenCase> Load(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "golden", "objectives", file)));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(c => new GoldenCase(c.Clone()))];
    }

    /// <summary>The cases as data rows of a test.</summary>
    public static IEnumerable<object[]> Rows(string file) => Load(file).Select(c => new object[] { c });

    public bool Has(string parameter) => json.GetProperty("parameters").TryGetProperty(parameter, out _);

    public JsonElement Parameter(string name) => json.GetProperty("parameters").GetProperty(name);

    public double Number(string name, double otherwise = double.NaN) => Has(name) ? Parameter(name).GetDouble() : otherwise;

    public bool Flag(string name) => Has(name) && Parameter(name).GetBoolean();

    public string? Text(string name) => Has(name) ? Parameter(name).GetString() : null;

    /// <summary>An input as a float64 leaf that collects a gradient.</summary>
    public Tensor Input(string name) => Read(json.GetProperty("inputs").GetProperty(name)).requires_grad_();

    public Tensor Constant(string name) => Read(json.GetProperty("constants").GetProperty(name));

    public Tensor Extra(string name) => Read(json.GetProperty("expected_extra").GetProperty(name));

    /// <summary>Runs backward and compares the value and every expected gradient.</summary>
    public void Check(Tensor value, params (string Name, Tensor Leaf)[] leaves)
    {
        AssertClose(ExpectedValue, value.item<double>(), $"{Name}: value");
        value.backward();
        foreach (var expected in json.GetProperty("expected_gradients").EnumerateObject())
        {
            var leaf = leaves.Single(l => l.Name == expected.Name).Leaf;
            AssertClose(Read(expected.Value), leaf.grad ?? zeros_like(leaf), $"{Name}: gradient of {expected.Name}");
        }
    }

    public bool HasExtra(string name) => json.TryGetProperty("expected_extra", out var extra) && extra.TryGetProperty(name, out _);

    public override string ToString() => Name;

    public static void AssertClose(double expected, double actual, string what, double tolerance = Tolerance) =>
        Assert.IsLessThanOrEqualTo(tolerance * Math.Abs(expected) + 1e-12, Math.Abs(expected - actual), $"{what}: expected {expected:R}, found {actual:R}");

    public static void AssertClose(Tensor expected, Tensor actual, string what, double tolerance = Tolerance)
    {
        CollectionAssert.AreEqual(expected.shape, actual.shape, what);
        if (expected.numel() == 0)
            return;
        var difference = (expected - actual).abs().max().to(float64).item<double>();
        Assert.IsLessThanOrEqualTo(tolerance * expected.abs().max().to(float64).item<double>() + 1e-12, difference, what);
    }

    private static Tensor Read(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Array)
            return tensor(element.GetDouble());
        var rows = element.EnumerateArray().ToArray();
        return rows[0].ValueKind != JsonValueKind.Array
            ? tensor(rows.Select(Number).ToArray())
            : tensor(rows.SelectMany(r => r.EnumerateArray()).Select(Number).ToArray(), [rows.Length, rows[0].GetArrayLength()]);

        static double Number(JsonElement e) => e.ValueKind is JsonValueKind.True ? 1 : e.ValueKind is JsonValueKind.False ? 0 : e.GetDouble();
    }
}
