using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

[TestClass]
public sealed class AtomicFileTests
{
    [TestMethod]
    public void WritesNewAndReplacesOld()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.bin");
        AtomicFile.Write(path, stream => stream.Write("one"u8));
        Assert.AreEqual("one", File.ReadAllText(path));
        AtomicFile.Write(path, stream =>
        {
            stream.Write("longer"u8);
            Assert.AreEqual("one", File.ReadAllText(path)); // a reader meanwhile
        });
        Assert.AreEqual("longer", File.ReadAllText(path));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.FullName));
    }

    [TestMethod]
    public void FailureLeavesTheOldFileAndNothingElse()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.bin");
        File.WriteAllText(path, "old");
        Assert.ThrowsExactly<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("half"u8);
            throw new InvalidOperationException();
        }));
        Assert.AreEqual("old", File.ReadAllText(path));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.FullName));
        Assert.ThrowsExactly<DirectoryNotFoundException>(() => AtomicFile.Write(folder.File("none/model.bin"), _ => { }));
    }

    [TestMethod]
    public void LinkStaysALink()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("v1"), "old");
        File.CreateSymbolicLink(folder.File("latest"), "v1");
        AtomicFile.Write(folder.File("latest"), stream => stream.Write("new"u8));
        Assert.AreEqual("new", File.ReadAllText(folder.File("v1")));
        Assert.AreEqual("v1", new FileInfo(folder.File("latest")).LinkTarget);
    }
}
