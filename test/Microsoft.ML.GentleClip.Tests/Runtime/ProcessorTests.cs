using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

/// <summary>The variables that imitate other processors are heard, by the processes that tests start as well.</summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class ProcessorTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void AChildProcessComputesAsItsParent()
    {
        TorchNativeLibrary.EnsureLoaded();
        var own = Processor.Describe();
        TestContext.WriteLine(own);
        var child = ChildProcess.Run(AppContext.BaseDirectory, ["processor"]);
        Assert.AreEqual(own, child.Lines[^1], child.ToString());
    }

    [TestMethod]
    [DataRow("ATEN_CPU_CAPABILITY", "default", "libtorch's kernels DEFAULT,")]
    [DataRow("MKL_CBWR", "COMPATIBLE", "MKL's branch compatible;")]
    public void AnImitatedProcessorIsTaken(string variable, string value, string expected)
    {
        if (!Processor.IsLinuxOnX64)
            Skip.Because(TestContext, "These are variables of x86-64.");
        var child = ChildProcess.Run(AppContext.BaseDirectory, ["processor"], new Dictionary<string, string> { [variable] = value });
        Assert.Contains(expected, child.Lines[^1], child.ToString());
    }
}
