using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests;

/// <summary>The count finds what a piece of code leaves, and nothing that others left before.</summary>
[TestClass]
public sealed class LiveTensorsTests
{
    [TestMethod]
    public void ATensorTooManyIsFound()
    {
        var live = LiveTensors.Settled();
        LiveTensors.AssertAtMost(live);
        using var left = ones(1);
        Assert.ThrowsExactly<AssertFailedException>(() => LiveTensors.AssertAtMost(live));
        LiveTensors.AssertAtMost(live + 1);
        Assert.ThrowsExactly<AssertFailedException>(() => LiveTensors.AssertNeverMore([3, 3, 2, 3]));
        LiveTensors.AssertNeverMore([3, 3, 2, 2]);
    }

    [TestMethod]
    public void WhatOthersForgotIsNotCounted()
    {
        var live = LiveTensors.Settled();
        Forget(100);
        Assert.IsLessThanOrEqualTo(live, LiveTensors.Settled(), "forgotten before the count begins");

        // Others' tensors that go meanwhile.
        var (kept, before) = (new List<Tensor> { ones(1), ones(1) }, LiveTensors.Settled());
        kept.ForEach(tensor => tensor.Dispose());
        LiveTensors.AssertAtMost(before);
    }

    // Why counts of a whole run rise though nothing is alive: tests that make models expect this difference.
    [TestMethod]
    public void TheCountOfAParameterIsNeverTakenBack()
    {
        var live = LiveTensors.Settled();
        for (var i = 0; i < 10; i++)
            using (new TorchSharp.Modules.Parameter(ones(2)))
            {
            }
        Assert.AreEqual(live + 10, LiveTensors.Settled());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(int count)
    {
        for (var i = 0; i < count; i++)
            ones(1);
    }
}
