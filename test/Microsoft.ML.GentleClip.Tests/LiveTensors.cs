using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests;

/// <summary>Counts live tensors.</summary>
internal static class LiveTensors
{
    /// <summary>Their number at the end of each epoch of a training, and the model.</summary>
    public static (List<long> Counts, GentleClipTransformer Model) AtEpochs(GentleClipOptions options, IDataView data)
    {
        var counts = new List<long>();
        var mlContext = new MLContext(seed: 1);
        mlContext.Log += (_, e) =>
        {
            if (e.Message.Contains("Epoch ", StringComparison.Ordinal))
                counts.Add(torch.Tensor.TotalCount);
        };
        return (counts, mlContext.Transforms.GentleClip(options).Fit(data));
    }

    /// <summary>Fails unless a training of several epochs keeps their number.</summary>
    public static void AssertFlat(GentleClipOptions options, IDataView data)
    {
        var (counts, model) = AtEpochs(options, data);
        model.Dispose();
        Assert.IsGreaterThan(3, counts.Count, "epochs");
        Assert.AreEqual(1, counts.Distinct().Count(), $"live tensors while training: {string.Join(", ", counts)}");
    }
}
