using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// The sampling-size analysis of the paper's appendix E (equations 10 and 11): how different two random batches of one
/// distribution look. The printed estimate holds each sample's kernel with itself on one side only, so that most of its
/// fall with the batch size is 1/B² by construction; leave-one-out shows the rest, which falls like 1/B.
/// </summary>
internal static class SamplingSize
{
    /// <summary>D of equation 10 for two batches `[b, dim]`, with or without each sample's kernel with itself.</summary>
    public static Tensor Gap(Tensor t, Tensor r, bool leaveOneOut = false, int blockSize = Pairwise.DefaultBlockSize)
    {
        using var scope = NewDisposeScope();
        var settings = new SddSettings { Bandwidth = 1, Divergence = DensityDivergence.RawMeanSquaredError, VarianceFloor = 1e-12, LeaveOneOut = leaveOneOut };
        // Equation 11 is twice equation 5 at b = 1, and equation 10 the sum of what equation 3 averages.
        return (8 * SddLoss.Compute(t, r, settings, 0, blockSize)).MoveToOuterDisposeScope();
    }

    /// <summary>Mean gap of pairs of disjoint random batches of <paramref name="samples"/> `[n, dim]`, for each batch size.</summary>
    /// <param name="samples">All rows; at least twice the largest batch size.</param>
    /// <param name="batchSizes">At least 2 each.</param>
    /// <param name="repetitions">Pairs of batches for each size.</param>
    /// <param name="random">Draws the batches.</param>
    /// <param name="leaveOneOut">Leaves each sample's kernel with itself out.</param>
    /// <exception cref="ArgumentException">Too few rows, or a batch size below 2.</exception>
    public static double[] MeanGaps(Tensor samples, IReadOnlyList<int> batchSizes, int repetitions, Random random, bool leaveOneOut)
    {
        if (batchSizes.Any(b => b < 2 || 2 * b > samples.size(0)))
            throw new ArgumentException($"Batch sizes must be at least 2 and at most half the number of rows, {samples.size(0)}; found {string.Join(", ", batchSizes)}.");
        using var noGrad = no_grad();
        var order = Enumerable.Range(0, (int)samples.size(0)).Select(i => (long)i).ToArray();
        return [.. batchSizes.Select(size => Enumerable.Range(0, repetitions).Average(_ =>
        {
            using var scope = NewDisposeScope();
            for (var i = 0; i < 2 * size; i++) // the first steps of a Fisher-Yates shuffle
            {
                var j = random.Next(i, order.Length);
                (order[i], order[j]) = (order[j], order[i]);
            }

            var batches = samples.index_select(0, tensor(order.AsSpan(0, 2 * size).ToArray(), device: samples.device));
            return Gap(batches.narrow(0, 0, size), batches.narrow(0, size, size), leaveOneOut).to(ScalarType.Float64).item<double>();
        }))];
    }
}
