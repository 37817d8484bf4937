using Microsoft.ML.GentleClip.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

[TestClass]
public sealed class NativeHeapTests
{
    [TestMethod]
    public void ReturnsFreedPagesWhereGlibcKeepsThem()
    {
        NativeHeap.Trim();
        if (!NativeHeap.CanTrim)
            return;
        // Blocks below glibc's threshold for own mappings, with a live one above each: the heap cannot shrink from its end.
        var blocks = Enumerable.Range(0, 2000).Select(_ => (Freed: torch.ones(25_000), Kept: torch.ones(16))).ToArray();
        foreach (var (freed, _) in blocks)
            freed.Dispose();
        var before = Environment.WorkingSet;
        NativeHeap.Trim();
        Assert.IsLessThan(before - 100_000_000, Environment.WorkingSet);
        foreach (var (_, kept) in blocks)
            kept.Dispose();
    }
}
