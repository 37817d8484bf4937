namespace Microsoft.ML.GentleClip.Tests.Runtime;

/// <summary>Microsoft.ML.TorchSharp beside this library, in both orders of use, and what of it today's TorchSharp lacks (docs/native-runtime.md).</summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class BesideTorchSharpTests
{
    [TestMethod]
    [DataRow("ours-first", "trained 40", "met 10")]
    [DataRow("theirs-first", "met 10", "trained 40")]
    public void BothWorkInOneProcess(string order, string first, string second)
    {
        var child = ChildProcess.Run(AppContext.BaseDirectory, ["beside-torchsharp", order]);
        Assert.AreEqual(0, child.ExitCode, child.ToString());
        CollectionAssert.AreEqual(new[] { first, second }, child.Lines.ToArray(), child.ToString());
    }

    [TestMethod]
    public void WhatIsMissingIsAsDocumented()
    {
        var child = ChildProcess.Run(AppContext.BaseDirectory, ["beside-torchsharp", "missing"]);
        Assert.AreEqual(0, child.ExitCode, child.ToString());
        Assert.Contains("compiled True", child.Lines);
        var missing = child.Lines.Where(line => line.StartsWith("missing ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1].TrimEnd(':'))
            .Order(StringComparer.Ordinal).ToArray();
        CollectionAssert.AreEqual(
            new[] { "Microsoft.ML.TorchSharp.AutoFormerV2.AutoFormerV2Block.forward", "Microsoft.ML.TorchSharp.AutoFormerV2.FPN.forward" },
            missing, child.ToString());
    }
}
