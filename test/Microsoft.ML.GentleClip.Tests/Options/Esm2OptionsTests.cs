using System.Reflection;

namespace Microsoft.ML.GentleClip.Tests.Options;

[TestClass]
public sealed class Esm2OptionsTests
{
    [TestMethod]
    public void Defaults()
    {
        var options = new Esm2Options();
        foreach (var property in typeof(Esm2Options).GetProperties(BindingFlags.Public | BindingFlags.Instance))
            Assert.AreEqual(typeof(Esm2Options.Defaults).GetMember(property.Name).SingleOrDefault() switch
            {
                FieldInfo constant when property.PropertyType.IsEnum => Enum.ToObject(property.PropertyType, constant.GetRawConstantValue()!),
                FieldInfo constant => constant.GetRawConstantValue(),
                PropertyInfo value => value.GetValue(null),
                _ => null,
            }, property.GetValue(options), property.Name);
        Assert.AreEqual((Esm2Size.Small, null, null, 1022), (options.Size, options.WeightsFile, options.TrainableLayers, options.MaximumLength));
        Assert.AreEqual((Esm2Pooling.Mean, Esm2UnknownResidues.Error, 0.15, 0.0),
            (options.Pooling, options.UnknownResidues, options.Masking, options.SubsequenceCrop));
    }

    [TestMethod]
    public void TheDefaultSizeFollowsTheWeightsFile()
    {
        Assert.AreEqual((4, 128, 4), (Esm2Size.Small.Layers, Esm2Size.Small.HiddenDimension, Esm2Size.Small.AttentionHeads));
        Assert.AreSame(Esm2Size.T6_8M, new Esm2Options { WeightsFile = "w.pt" }.Size);
        Assert.AreEqual(new Esm2Size(1, 2, 1), new Esm2Options { Size = new Esm2Size(1, 2, 1), WeightsFile = "w.pt" }.Size);
        Assert.AreEqual(new Esm2Options(), new Esm2Options { Size = Esm2Size.Small });
    }

    [TestMethod]
    [DataRow("TrainableLayers", -1, "TrainableLayers must be from 0 to 256, found -1.")]
    [DataRow("MaximumLength", 0, "MaximumLength must be from 1 to 65534, found 0.")]
    [DataRow("MaximumLength", 65535, "MaximumLength must be from 1 to 65534, found 65535.")]
    [DataRow("Masking", 1.0, "Masking must be from 0 to below 1, found 1.")]
    [DataRow("Masking", double.NaN, "Masking must be from 0 to below 1, found NaN.")]
    [DataRow("SubsequenceCrop", -0.1, "SubsequenceCrop must be from 0 to below 1, found -0.1.")]
    [DataRow("SubsequenceCrop", 1.0, "SubsequenceCrop must be from 0 to below 1, found 1.")]
    [DataRow("Pooling", (Esm2Pooling)9, "Pooling must be one of Mean, BeginningOfSequence, found 9.")]
    [DataRow("UnknownResidues", (Esm2UnknownResidues)9, "UnknownResidues must be one of Error, UnknownToken, found 9.")]
    public void OutOfRangeIsRefused(string name, object value, string expected) =>
        Assert.Contains(expected, Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => With(name, value)).Message);

    [TestMethod]
    public void NothingIsRefused()
    {
        Assert.ThrowsExactly<ArgumentNullException>(() => With(nameof(Esm2Options.Size), null));
        Assert.AreEqual("WeightsFile", Assert.ThrowsExactly<ArgumentException>(() => With(nameof(Esm2Options.WeightsFile), " ")).ParamName);
    }

    [TestMethod]
    public void KeepsItsValuesAndIsEqualByThem()
    {
        var options = new Esm2Options
        {
            Size = new Esm2Size(1, 2, 1),
            WeightsFile = "w.pt",
            TrainableLayers = 0,
            Pooling = Esm2Pooling.BeginningOfSequence,
            MaximumLength = 65534,
            UnknownResidues = Esm2UnknownResidues.UnknownToken,
            Masking = 0,
            SubsequenceCrop = 0.99,
        };
        Assert.AreEqual((1, 2, 1), (options.Size.Layers, options.Size.HiddenDimension, options.Size.AttentionHeads));
        Assert.AreEqual(("w.pt", 0, Esm2Pooling.BeginningOfSequence, 65534),
            (options.WeightsFile, options.TrainableLayers, options.Pooling, options.MaximumLength));
        Assert.AreEqual((Esm2UnknownResidues.UnknownToken, 0.0, 0.99), (options.UnknownResidues, options.Masking, options.SubsequenceCrop));
        Assert.AreEqual(options, options with { Size = new Esm2Size(1, 2, 1) });
        Assert.AreNotEqual(options, options with { Size = new Esm2Size(2, 2, 1) });
    }

    [TestMethod]
    [DataRow(0, 32, 4, "layers must be from 1 to 256, found 0.")]
    [DataRow(257, 32, 4, "layers must be from 1 to 256, found 257.")]
    [DataRow(3, 1, 1, "hiddenDimension must be from 2 to 65536, found 1.")]
    [DataRow(3, 32, 0, "attentionHeads must be from 1 to 1024, found 0.")]
    [DataRow(3, 30, 4, "hiddenDimension must be a multiple of twice the 4 attention heads, found 30.")]
    [DataRow(3, 36, 4, "hiddenDimension must be a multiple of twice the 4 attention heads, found 36.")]
    public void SizesThatCannotBeAreRefused(int layers, int width, int heads, string expected)
    {
        ArgumentException? refused = null;
        try
        {
            _ = new Esm2Size(layers, width, heads);
        }
        catch (ArgumentException e)
        {
            refused = e;
        }
        Assert.Contains(expected, refused?.Message ?? "");
    }

    [TestMethod]
    public void PublishedSizesHaveNames()
    {
        Assert.HasCount(6, Esm2Size.Published);
        Assert.AreSame(Esm2Size.T33_650M, Esm2Size.FromName("esm2_t33_650M_UR50D"));
        Assert.Contains("no ESM-2 size 'esm2_t33'; expected one of esm2_t6_8M_UR50D, ",
            Assert.ThrowsExactly<ArgumentException>(() => Esm2Size.FromName("esm2_t33")).Message);
    }

    private static void With(string name, object? value) =>
        typeof(Esm2Options).GetProperty(name)!.SetValue(new Esm2Options(), value, BindingFlags.DoNotWrapExceptions, null, null, null);
}
