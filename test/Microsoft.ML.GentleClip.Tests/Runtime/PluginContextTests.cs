namespace Microsoft.ML.GentleClip.Tests.Runtime;

/// <summary>Hosts that load the library into contexts of their own and look for native libraries themselves.</summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class PluginContextTests
{
    private const string Result = "plugin: recall True, index 40";

    [TestMethod]
    [DataRow("False", 1)]
    [DataRow("True", 1)]
    [DataRow("False", 2)]
    [DataRow("True", 2)]
    public void AContextOfItsOwnWorks(string collectible, int times)
    {
        var child = ChildProcess.Run(AppContext.BaseDirectory, ["plugins", collectible, .. Enumerable.Repeat(AppContext.BaseDirectory, times)]);
        Assert.AreEqual(0, child.ExitCode, child.ToString());
        CollectionAssert.AreEqual(Enumerable.Repeat(Result, times).ToArray(), child.Lines.ToArray(), child.ToString());
    }

    // Each has files of its own, as two plugins that were published have.
    [TestMethod]
    public void ContextsOfTwoFoldersShareOneLibtorch()
    {
        using var folder = new TemporaryFolder();
        ChildProcess.CopyManaged(folder.FullName);
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "lib*.so*").Where(file => !File.Exists(folder.File(Path.GetFileName(file)))))
            File.CreateSymbolicLink(folder.File(Path.GetFileName(file)), file);
        var child = ChildProcess.Run(AppContext.BaseDirectory, ["plugins", "False", AppContext.BaseDirectory, folder.FullName, AppContext.BaseDirectory]);
        Assert.AreEqual(0, child.ExitCode, child.ToString());
        CollectionAssert.AreEqual(Enumerable.Repeat(Result, 3).ToArray(), child.Lines.ToArray(), child.ToString());
    }
}
