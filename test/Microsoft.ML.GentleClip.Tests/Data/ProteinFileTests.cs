using Microsoft.ML.GentleClip.Data;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Data;

[TestClass]
public sealed class ProteinFileTests
{
    private static readonly IReadOnlyList<string> Suffixes = ProteinFile.SuffixesOf(isStructure: true);

    [TestMethod]
    [DataRow("1abc.pdb", "1abc")]
    [DataRow("a/b/pdb1abc.ent.gz", "pdb1abc")]
    [DataRow("AF-P1-F1-model_v4.cif.GZ", "AF-P1-F1-model_v4")]
    [DataRow("plain", "plain")]
    public void TheStemHasNoSuffixes(string path, string expected) => Assert.AreEqual(expected, ProteinFile.Stem(path));

    [TestMethod]
    public void PathsStandForFilesInOrdinalOrder()
    {
        using var folder = new TemporaryFolder();
        foreach (var name in new[] { "b.pdb", "B.cif.gz", "a.ENT", "c.mmcif", "notes.txt", "x.gz", "sub/d.pdb", "sub/deep/e.cif" })
            folder.Write(name, "");

        string[] Found(string path) =>
            [.. ProteinFile.Find(folder.File(path), Suffixes).Select(file => Path.GetRelativePath(folder.FullName, file).Replace('\\', '/'))];

        CollectionAssert.AreEqual(new[] { "B.cif.gz", "a.ENT", "b.pdb", "c.mmcif" }, Found(""));
        CollectionAssert.AreEqual(new[] { "b.pdb" }, Found("b.pdb"));
        CollectionAssert.AreEqual(new[] { "notes.txt" }, Found("notes.txt"), "a file that is named is read, whatever it is called");
        CollectionAssert.AreEqual(new[] { "b.pdb" }, Found("*.pdb"));
        CollectionAssert.AreEqual(new[] { "b.pdb", "sub/d.pdb" }, Found("**/?.pdb"));
        CollectionAssert.AreEqual(new[] { "sub/d.pdb", "sub/deep/e.cif" }, Found("sub/**/*"));
    }

    [TestMethod]
    public void NothingFoundIsAnError()
    {
        using var folder = new TemporaryFolder();
        folder.Write("notes.txt", "");
        StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(() => ProteinFile.Find(folder.FullName, Suffixes)).Message,
            "looked for .pdb, .ent, .cif, .mmcif, also with .gz");
        StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(() => ProteinFile.Find(folder.File("*.pdb"), Suffixes)).Message, "No file matches");
        StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(() => ProteinFile.Find(folder.File("none"), Suffixes)).Message,
            "There is no file or folder");
        StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(() => ProteinFile.Find(folder.File("none/*.pdb"), Suffixes)).Message,
            "There is no folder");
        Assert.ThrowsExactly<ArgumentException>(() => ProteinFile.Find(folder.File("a*/b.pdb"), Suffixes));
        Assert.ThrowsExactly<ArgumentException>(() => ProteinFile.Find("", Suffixes));
    }
}
