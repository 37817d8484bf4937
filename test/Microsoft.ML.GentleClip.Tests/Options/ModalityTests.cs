namespace Microsoft.ML.GentleClip.Tests.Options;

[TestClass]
public sealed class ModalityTests
{
    [TestMethod]
    public void KeepsNamesAndEncoder()
    {
        var encoder = new VectorEncoderOptions { Dropout = 0.2 };
        var modality = Modality.Vector("out", "in", encoder);
        Assert.AreEqual(("in", "out"), (modality.InputColumnName, modality.OutputColumnName));
        Assert.AreSame(encoder, modality.Encoder);
        Assert.AreEqual(new VectorEncoderOptions(), Modality.Vector("out", "in").Encoder);
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow("")]
    [DataRow(" ")]
    public void EmptyNamesAreRefused(string? name)
    {
        Assert.AreEqual("inputColumnName", Assert.Throws<ArgumentException>(() => Modality.Vector("out", name!)).ParamName);
        Assert.AreEqual("outputColumnName", Assert.Throws<ArgumentException>(() => Modality.Vector(name!, "in")).ParamName);
    }
}
