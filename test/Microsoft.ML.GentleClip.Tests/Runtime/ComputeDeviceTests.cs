using Microsoft.ML.GentleClip.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

[TestClass]
public sealed class ComputeDeviceTests
{
    [TestMethod]
    [DataRow(null, null, "cpu")]
    [DataRow(null, 1, "cuda:1")]
    [DataRow("cpu", 1, "cpu")]
    [DataRow("cuda", null, "cuda:0")]
    [DataRow("cuda", 1, "cuda:1")]
    [DataRow("cuda:0", 1, "cuda:0")]
    [DataRow("cuda:1", null, "cuda:1")]
    public void TextAndGpuNumberDecide(string? requested, int? gpu, string expected)
    {
        var device = ComputeDevice.Resolve(requested, gpu, fallbackToCpu: false, _ => Assert.Fail("warned"), () => 2);
        Assert.AreEqual(expected, device.ToString());
    }

    [TestMethod]
    [DataRow("cuda", 0, "'cuda:0' is not available: TorchSharp finds no CUDA device")]
    [DataRow("cuda:2", 2, "'cuda:2' is not available: the machine has 2 CUDA device(s)")]
    public void MissingGpuFallsBackWithAWarningOrThrows(string requested, int count, string reason)
    {
        var warnings = new List<string>();
        var device = ComputeDevice.Resolve(requested, null, fallbackToCpu: true, warnings.Add, () => count);
        Assert.AreEqual(DeviceType.CPU, device.type);
        Assert.HasCount(1, warnings);
        Assert.Contains(reason, warnings[0]);

        var e = Assert.ThrowsExactly<InvalidOperationException>(() => ComputeDevice.Resolve(requested, null, fallbackToCpu: false, warnings.Add, () => count));
        Assert.Contains(reason, e.Message);
        Assert.HasCount(1, warnings);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("gpu")]
    [DataRow("CUDA")]
    [DataRow("cuda:")]
    [DataRow("cuda:-1")]
    [DataRow("cuda: 0")]
    [DataRow("cuda:99999999999")]
    [DataRow("cpu:0")]
    public void OtherTextIsRefused(string requested)
    {
        var e = Assert.ThrowsExactly<ArgumentException>(() => ComputeDevice.Resolve(requested, null, fallbackToCpu: true, null));
        Assert.Contains($"'{requested}'", e.Message);
    }

    [TestMethod]
    public void NegativeGpuNumberIsRefused() =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ComputeDevice.Resolve(null, -1, fallbackToCpu: true, null));

    [TestMethod]
    public void TorchIsAskedForTheGpu()
    {
        if (torch.cuda.is_available())
            Assert.AreEqual("cuda:0", ComputeDevice.Resolve("cuda", null, fallbackToCpu: false, null).ToString());
        else
            Assert.ThrowsExactly<InvalidOperationException>(() => ComputeDevice.Resolve("cuda", null, fallbackToCpu: false, null));
    }
}
