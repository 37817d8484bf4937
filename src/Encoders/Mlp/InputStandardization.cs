using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Mean and inverse standard deviation of feature vectors, kept in an encoder's buffers.</summary>
internal static class InputStandardization
{
    // Below this share of its magnitude a feature's spread is rounding, and dividing by it would make noise of a constant.
    private const double SmallestRelativeSpread = 1e-6;

    /// <summary>Sets both from the examples; a constant feature is only centred.</summary>
    /// <param name="examples">Those of this process.</param>
    /// <param name="shards">Where each of all examples is; null where this process has all and nothing is cut.</param>
    /// <param name="mean">Receives the mean.</param>
    /// <param name="scale">Receives the inverse standard deviation.</param>
    public static void Fit(VectorStore examples, SampleShards? shards, Tensor mean, Tensor scale)
    {
        var (means, deviations) = shards is null ? examples.Moments() : Moments(examples, shards);
        var scales = new float[means.Length];
        for (var i = 0; i < means.Length; i++)
        {
            var inverse = (float)(1 / deviations[i]);
            scales[i] = deviations[i] > SmallestRelativeSpread * Math.Abs(means[i]) && float.IsFinite(inverse) ? inverse : 1;
        }
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        mean.copy_(tensor(Array.ConvertAll(means, value => (float)value)));
        scale.copy_(tensor(scales));
    }

    // Each shard's moments where it is, put together in the order of the shards: the same numbers however many processes there are.
    private static (double[] Mean, double[] StandardDeviation) Moments(VectorStore examples, SampleShards shards)
    {
        int[] all = [.. Enumerable.Range(0, shards.Count)];
        var width = examples.Dimension;
        var moments = new BatchMoments();
        shards.ExchangeShards(
            sizeof(double) * BatchMoments.CountNumbers(width),
            (shard, bytes) =>
            {
                var rows = shards.In(shard, all);
                var (mean, squares) = examples.Moments(rows.Select(shards.Local));
                var numbers = MemoryMarshal.Cast<byte, double>(bytes);
                numbers[0] = rows.Length;
                mean.CopyTo(numbers[1..]);
                squares.CopyTo(numbers[(1 + width)..]);
            },
            (_, bytes) => moments.AddNumbers(MemoryMarshal.Cast<byte, double>(bytes)),
            "the moments of the inputs");
        return moments.Rows == 0
            ? (new double[width], Enumerable.Repeat(1d, width).ToArray())
            : (moments.Mean, Array.ConvertAll(moments.Squares, squares => Math.Sqrt(squares / moments.Rows)));
    }
}
