using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class TorchNativeLibraryTests
{
    private static readonly string[] Torch = ["libtorch.so", "libtorch_cpu.so", "libc10.so", "libgomp-98b21ff3.so.1"];

    [TestMethod]
    [DataRow("explicit")]
    [DataRow("event")]
    public void LoadsFromTheApplicationsPackages(string how)
    {
        using var temporary = new TemporaryFolder();
        var before = Listing(AppContext.BaseDirectory);
        var child = ChildProcess.Run(AppContext.BaseDirectory, ["torch-maps", how], new Dictionary<string, string> { ["TMPDIR"] = temporary.FullName });

        AssertTorchIsOurs(child);
        Assert.IsEmpty(Directory.GetFileSystemEntries(temporary.FullName));
        CollectionAssert.AreEqual(before, Listing(AppContext.BaseDirectory));
    }

    [TestMethod]
    public void ForeignLibtorchOnTheSearchPathIsNotMapped()
    {
        using var decoys = new TemporaryFolder();
        var small = Path.Combine(AppContext.BaseDirectory, "libtorch_global_deps.so"); // valid, and has none of the symbols
        foreach (var name in Torch.Where(name => name.StartsWith("libtorch", StringComparison.Ordinal) || name == "libc10.so"))
            File.Copy(small, decoys.File(name));
        var child = ChildProcess.Run(AppContext.BaseDirectory, ["torch-maps", "explicit"],
            new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = decoys.FullName });

        AssertTorchIsOurs(child);
        Assert.DoesNotContain(decoys.FullName, child.Output, child.ToString());
    }

    [TestMethod]
    public void MissingNativePackageIsNamed()
    {
        using var folder = new TemporaryFolder();
        ChildProcess.CopyManaged(folder.FullName);
        var before = Listing(folder.FullName);
        var child = ChildProcess.Run(folder.FullName, ["torch-missing"]);

        Assert.AreEqual(0, child.ExitCode, child.ToString());
        string[] packages = ["TorchSharp-cpu", "TorchSharp-cuda-linux", "TorchSharp-cuda-windows"];
        foreach (var part in (string[])[.. packages, "0.107.0", NativeFolders.RuntimeIdentifier, folder.FullName])
            Assert.Contains(part, child.Output);
        CollectionAssert.AreEqual(before, Listing(folder.FullName)); // TorchSharp's own search would have copied 500 MB
    }

    [TestMethod]
    public void TorchUsedTooEarlySaysWhatToDo()
    {
        using var folder = new TemporaryFolder();
        using var packages = new TemporaryFolder(); // else TorchSharp copies 500 MB out of the NuGet cache
        using var decoys = new TemporaryFolder();
        ChildProcess.CopyManaged(folder.FullName);
        // Stand before a libtorch of the system's folders, such as that of Debian's python3-torch: the loader refuses what is no library
        // and looks no further.
        foreach (var name in Torch.Where(name => !name.StartsWith("libgomp", StringComparison.Ordinal)))
            File.WriteAllText(decoys.File(name), "no library");
        var child = ChildProcess.Run(folder.FullName, ["torch-too-late", AppContext.BaseDirectory],
            new Dictionary<string, string> { ["NUGET_PACKAGES"] = packages.FullName, ["LD_LIBRARY_PATH"] = decoys.FullName });

        Assert.AreEqual(0, child.ExitCode, child.ToString());
        const string advice = "make an estimator first: mlContext.Transforms.GentleClip(...)";
        foreach (var part in (string[])["The program has used TorchSharp.torch before", advice, "TorchSharp's own error: "])
            Assert.Contains(part, child.Output, child.ToString());
        Assert.DoesNotContain("none of the application's packages", child.Output, child.ToString());
    }

    [TestMethod]
    public void AForeignLibtorchThatCameFirstIsNamed()
    {
        using var folder = new TemporaryFolder();
        using var packages = new TemporaryFolder();
        using var decoys = new TemporaryFolder();
        ChildProcess.CopyManaged(folder.FullName);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "libtorch_global_deps.so"), decoys.File("libtorch_cpu.so")); // valid, and has none of the symbols
        File.CreateSymbolicLink(decoys.File("libgomp-98b21ff3.so.1"), Path.Combine(AppContext.BaseDirectory, "libgomp-98b21ff3.so.1")); // which it needs
        var child = ChildProcess.Run(folder.FullName, ["torch-too-late", AppContext.BaseDirectory],
            new Dictionary<string, string> { ["NUGET_PACKAGES"] = packages.FullName, ["LD_LIBRARY_PATH"] = decoys.FullName });

        Assert.AreEqual(0, child.ExitCode, child.ToString());
        var named = "a libtorch that is none of the application's packages: " + decoys.File("libtorch_cpu.so");
        const string advice = "Make an estimator first: mlContext.Transforms.GentleClip(...)";
        foreach (var part in (string[])[named, advice, "LD_LIBRARY_PATH", " The loader's own error: /"])
            Assert.Contains(part, child.Output, StringComparison.OrdinalIgnoreCase, child.ToString());
        Assert.DoesNotContain("strace", child.Output, "what to do is not buried below .NET's general advice");
    }

    [TestMethod]
    public void FilesNotOfTheLoaderAreRefusedNotRead()
    {
        foreach (var content in (byte[][])[[], "MZ not an ELF file"u8.ToArray(), new byte[64]])
            Assert.ThrowsExactly<InvalidDataException>(() => new ElfImage(new MemoryStream(content)));
    }

    [TestMethod]
    public void EveryNeedOfTheBridgeIsKnown()
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "libtorch_cpu.so"));
        var needed = new ElfImage(file).Needed;
        Assert.Contains("libc10.so", needed);
        Assert.Contains("libgomp-98b21ff3.so.1", needed);
        Assert.Contains("libstdc++.so.6", needed);
    }

    private static void AssertTorchIsOurs(ChildProcess.Result child)
    {
        Assert.AreEqual(0, child.ExitCode, child.ToString());
        Assert.Contains("sum 10", child.Lines, child.ToString());
        var maps = child.Lines.Where(line => line.StartsWith("map ", StringComparison.Ordinal)).Select(line => line[4..]).ToArray();
        foreach (var name in Torch)
        {
            var found = maps.Where(path => Path.GetFileName(path) == name).ToArray();
            CollectionAssert.AreEqual(new[] { Path.Combine(AppContext.BaseDirectory, name) }, found, child.ToString());
        }
        var bridge = maps.Where(path => path.Contains("LibTorchSharp", StringComparison.Ordinal)).ToArray();
        Assert.HasCount(1, bridge, child.ToString());
        string[] expected = ["/memfd:libLibTorchSharp.so (deleted)", Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so")];
        Assert.Contains(bridge[0], expected, child.ToString());
    }

    private static string[] Listing(string folder) => [.. new DirectoryInfo(folder)
        .EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
        .Select(entry => $"{entry.FullName} {entry.LastWriteTimeUtc:O} {(entry as FileInfo)?.Length}")
        .Order(StringComparer.Ordinal)];
}
