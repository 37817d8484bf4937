using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests;

/// <summary>
/// Counts live tensors. TorchSharp's counter is the process's: what a test before left to the finalizers goes at some
/// moment of this one, and a parameter's count is never taken back (LiveTensorsTests). So what nobody holds is collected
/// before the first count, fewer than expected is no fault, and no two tests run at a time (AssemblySettings.cs).
/// </summary>
internal static class LiveTensors
{
    private const int MostCollections = 20;

    /// <summary>Their number once everything that nobody holds is gone.</summary>
    public static long Settled()
    {
        var count = Tensor.TotalCount;
        for (var i = 0; i < MostCollections; i++)
        {
            var before = count;
            GC.Collect();
            GC.WaitForPendingFinalizers();
            if ((count = Tensor.TotalCount) == before)
                break;
        }
        return count;
    }

    /// <summary>Fails if there are more than expected. Nothing is collected before: what only a finalizer frees counts as alive.</summary>
    public static void AssertAtMost(long expected, string message = "live tensors") =>
        Assert.IsLessThanOrEqualTo(expected, Tensor.TotalCount, message);

    /// <summary>Fails if one of the counts is higher than one before it.</summary>
    public static void AssertNeverMore(IReadOnlyList<long> counts, string message = "live tensors") =>
        Assert.IsFalse(counts.Zip(counts.Skip(1)).Any(pair => pair.Second > pair.First), $"{message}: {string.Join(", ", counts)}");

    /// <summary>Their number at the end of each epoch of a training, and the model.</summary>
    public static (List<long> Counts, GentleClipTransformer Model) AtEpochs(GentleClipOptions options, IDataView data)
    {
        var counts = new List<long>();
        var mlContext = new MLContext(seed: 1);
        mlContext.Log += (_, e) =>
        {
            if (e.Message.Contains("Epoch ", StringComparison.Ordinal))
                counts.Add(Tensor.TotalCount);
        };
        Settled();
        return (counts, mlContext.Transforms.GentleClip(options).Fit(data));
    }

    /// <summary>Fails if a training of several epochs adds to their number.</summary>
    public static void AssertFlat(GentleClipOptions options, IDataView data)
    {
        var (counts, model) = AtEpochs(options, data);
        model.Dispose();
        Assert.IsGreaterThan(3, counts.Count, "epochs");
        AssertNeverMore(counts, "live tensors while training");
    }
}
