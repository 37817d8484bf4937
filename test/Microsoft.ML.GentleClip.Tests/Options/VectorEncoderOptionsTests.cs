using System.Reflection;

namespace Microsoft.ML.GentleClip.Tests.Options;

[TestClass]
public sealed class VectorEncoderOptionsTests
{
    private static readonly PropertyInfo[] Properties = typeof(VectorEncoderOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance);

    [TestMethod]
    public void Defaults()
    {
        var options = new VectorEncoderOptions();
        foreach (var property in Properties)
            Assert.AreEqual(typeof(VectorEncoderOptions.Defaults).GetMember(property.Name).Single() switch
            {
                FieldInfo constant => constant.GetRawConstantValue(),
                PropertyInfo value => value.GetValue(null),
                _ => throw new NotSupportedException(),
            }, property.GetValue(options), property.Name);
        CollectionAssert.AreEqual(new[] { 256, 256 }, options.HiddenDimensions.ToArray());
        Assert.AreEqual((0.5, 0.5, 0.2, true), (options.Dropout, options.InputNoise, options.InputMasking, options.Standardize));
    }

    [TestMethod]
    [DataRow("Dropout", -0.1, "from 0 to below 1")]
    [DataRow("Dropout", 1.0, "from 0 to below 1")]
    [DataRow("Dropout", double.NaN, "from 0 to below 1")]
    [DataRow("InputNoise", -0.1, "from 0 to 10")]
    [DataRow("InputNoise", 10.1, "from 0 to 10")]
    [DataRow("InputNoise", double.NaN, "from 0 to 10")]
    [DataRow("InputMasking", -0.1, "from 0 to below 1")]
    [DataRow("InputMasking", 1.0, "from 0 to below 1")]
    [DataRow("InputMasking", double.NaN, "from 0 to below 1")]
    public void OutOfRangeIsRefused(string name, double value, string expected)
    {
        var exception = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => With(name, value));
        Assert.Contains($"{name} must be {expected}, found {FormattableString.Invariant($"{value}")}.", exception.Message);
    }

    [TestMethod]
    public void LayersOutOfRangeAreRefused()
    {
        foreach (var width in new[] { 0, -1, 65537 })
        {
            var exception = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VectorEncoderOptions { HiddenDimensions = [8, width] });
            Assert.Contains($"HiddenDimensions must be from 1 to 65536, found {width}.", exception.Message);
        }
        var many = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VectorEncoderOptions { HiddenDimensions = [.. Enumerable.Repeat(4, 33)] });
        Assert.Contains("HiddenDimensions.Count must be from 0 to 32, found 33.", many.Message);
        Assert.AreEqual("HiddenDimensions", Assert.ThrowsExactly<ArgumentNullException>(() => new VectorEncoderOptions { HiddenDimensions = null! }).ParamName);
    }

    [TestMethod]
    public void KeepsItsValuesAndTheLayersAreACopy()
    {
        int[] layers = [1, 65536];
        var options = new VectorEncoderOptions { HiddenDimensions = layers, Dropout = 0.99, InputNoise = 10, InputMasking = 0.5, Standardize = false };
        layers[0] = 5;
        CollectionAssert.AreEqual(new[] { 1, 65536 }, options.HiddenDimensions.ToArray());
        Assert.AreEqual((0.99, 10.0, 0.5, false), (options.Dropout, options.InputNoise, options.InputMasking, options.Standardize));
        Assert.IsEmpty(new VectorEncoderOptions { HiddenDimensions = [] }.HiddenDimensions);
    }

    [TestMethod]
    public void EqualByValue()
    {
        var options = new VectorEncoderOptions { HiddenDimensions = [3, 4], Dropout = 0.2 };
        var same = new VectorEncoderOptions { HiddenDimensions = [3, 4], Dropout = 0.2 };
        Assert.AreEqual(options, same);
        Assert.AreEqual(options.GetHashCode(), same.GetHashCode());
        foreach (var other in new[]
        {
            options with { HiddenDimensions = [4, 3] }, options with { HiddenDimensions = [3] }, options with { Dropout = 0.3 },
            options with { InputNoise = 0 }, options with { InputMasking = 0 }, options with { Standardize = false },
        })
            Assert.AreNotEqual(options, other);
        Assert.HasCount(5, Properties, "a new property belongs into Equals, GetHashCode and this test");
    }

    private static VectorEncoderOptions With(string name, object value)
    {
        var options = new VectorEncoderOptions();
        typeof(VectorEncoderOptions).GetProperty(name)!.SetValue(options, value, BindingFlags.DoNotWrapExceptions, null, null, null);
        return options;
    }
}
