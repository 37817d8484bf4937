using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class ElfVersionNeedsTests
{
    private const string Version = "GLIBCXX_3.4.32", Symbol = "_ZSt21ios_base_library_initv";
    private const int FlagsOffset = 0x3fa34; // of that version in the file of TorchSharp 0.107.0, as readelf -V shows it

    private static byte[] Bridge => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so"));

    [TestMethod]
    public void SetsTheFlagOfOneNeedAndNothingElse()
    {
        var (before, after) = (Bridge, Bridge);
        Assert.IsTrue(ElfVersionNeeds.TryWeaken(after, Version, Symbol, out var refusal), refusal);
        var changed = Enumerable.Range(0, before.Length).Where(i => before[i] != after[i]).ToArray();
        CollectionAssert.AreEqual(new[] { FlagsOffset }, changed);
        Assert.AreEqual(2, after[FlagsOffset]);

        var again = after.ToArray();
        Assert.IsTrue(ElfVersionNeeds.TryWeaken(again, Version, Symbol, out _));
        CollectionAssert.AreEqual(after, again);
    }

    [TestMethod]
    [DataRow(Version, "_ZSt4cout", "expected _ZSt4cout alone")] // the version's symbol is another
    [DataRow("GLIBCXX_3.4.11", "_ZNSt16invalid_argumentC1EPKc", "expected")] // used, and not the only one
    [DataRow("GLIBCXX_3.4.99", Symbol, "No need for version GLIBCXX_3.4.99")]
    public void RefusesAnythingElse(string version, string symbol, string reason)
    {
        var image = Bridge;
        Assert.IsFalse(ElfVersionNeeds.TryWeaken(image, version, symbol, out var refusal));
        Assert.Contains(reason, refusal!);
        CollectionAssert.AreEqual(Bridge, image);
    }

    [TestMethod]
    public void RefusesASymbolThatARelocationUses()
    {
        var image = Bridge;
        // libgcc's GCC_3.0 is needed for one symbol alone, which code calls.
        Assert.IsFalse(ElfVersionNeeds.TryWeaken(image, "GCC_3.0", "_Unwind_Resume", out var refusal));
        Assert.AreEqual("A relocation uses _Unwind_Resume.", refusal);
    }

    [TestMethod]
    public void TruncatedImagesAreRefused()
    {
        var whole = Bridge;
        // Everything the search reads lies in the first 320 KB and in the dynamic section, before 0x1d4d88.
        for (var length = 0; length < 0x1d4d88; length += length < 0x400 ? 1 : 9973)
        {
            var image = whole[..length];
            Assert.IsFalse(ElfVersionNeeds.TryWeaken(image, Version, Symbol, out _), $"length {length}");
            Assert.IsTrue(whole.AsSpan(0, length).SequenceEqual(image), $"length {length}");
        }
    }

    [TestMethod]
    public void HostileImagesAreRefusedOrWeakenedNothingElse()
    {
        var (whole, random) = (Bridge, new Random(11));
        (int Start, int Length)[] places = [(0, 64), (64, 560), (0x298, 16), (0x1d4b18, 0x270), (0x3f8f0, 0x210), (0x3dfae, 0x193c), (0x3890, 0x12ed0)];
        var (image, before, refused) = (new byte[whole.Length], new byte[whole.Length], 0);
        for (var round = 0; round < 3000; round++)
        {
            whole.CopyTo(image, 0);
            var (start, length) = places[round % places.Length];
            for (var n = random.Next(1, 5); n > 0; n--)
                image[start + random.Next(length)] = random.Next(3) switch { 0 => 0xff, 1 => 0, _ => (byte)random.Next(256) };
            image.CopyTo(before, 0);
            if (!ElfVersionNeeds.TryWeaken(image, Version, Symbol, out var refusal))
            {
                refused++;
                Assert.IsNotNull(refusal);
                Assert.IsTrue(before.AsSpan().SequenceEqual(image), $"round {round}");
            }
            else
            {
                var first = before.AsSpan().CommonPrefixLength(image);
                Assert.IsTrue(first == image.Length || before.AsSpan(first + 1).SequenceEqual(image.AsSpan(first + 1)), $"round {round}");
            }
        }
        Assert.IsGreaterThan(500, refused);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void LibraryLoadsFromBytesAndLeavesNoFile(bool inMemory)
    {
        var system = File.ReadLines("/proc/self/maps").Select(line => line.Split(' ')[^1])
            .First(path => Path.GetFileName(path).StartsWith("libm.so", StringComparison.Ordinal));
        var before = Directory.GetFiles(Path.GetTempPath());
        var handle = PrivateLibrary.Load(File.ReadAllBytes(system), "libm-test.so", inMemory);
        try
        {
            Assert.Contains(line => line.EndsWith("(deleted)", StringComparison.Ordinal)
                && line.Contains(inMemory ? "/memfd:libm-test.so" : Path.GetTempPath(), StringComparison.Ordinal), File.ReadLines("/proc/self/maps"));
            var cosine = Marshal.GetDelegateForFunctionPointer<Func>(NativeLibrary.GetExport(handle, "cos"));
            Assert.AreEqual(Math.Cos(1), cosine(1));
        }
        finally
        {
            NativeLibrary.Free(handle);
        }
        Assert.IsEmpty(Directory.GetFiles(Path.GetTempPath()).Except(before));
        Assert.ThrowsExactly<DllNotFoundException>(() => PrivateLibrary.Load("no library"u8, "bad", inMemory));
    }

    private delegate double Func(double x);
}
