namespace Microsoft.ML.GentleClip.Tests.Runtime;

/// <summary>A training on pictures writes nothing to the error stream.</summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class PictureOutputTests
{
    [TestMethod]
    public void NothingIsWrittenToTheErrorStream()
    {
        var child = ChildProcess.Run(AppContext.BaseDirectory, ["picture-run"]);
        Assert.AreEqual(0, child.ExitCode, child.ToString());
        Assert.AreEqual("", child.Error, child.ToString());
        Assert.Contains("embedded 48", child.Lines);
        // Where it works it stays on: the switch must not cost speed or change results there.
        Assert.IsTrue(child.Lines.Contains("nnpack works True enabled True") || child.Lines.Contains("nnpack works False enabled False"), child.ToString());
    }
}
