using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>Rows of A and B that are each other's best match, and their cosines, largest first.</summary>
internal sealed record PseudoPairs(long[] A, long[] B, double[] Cosines)
{
    /// <summary>Cosines that are held at a time, in elements of float32.</summary>
    public const long BlockElements = 1 << 24;

    /// <summary>
    /// Mutual best matches under c = 2 s - mean of the largest s of the row - the same of the column; those with the largest s are kept.
    /// Row blocks: memory grows with the number of rows, not with its square.
    /// </summary>
    /// <param name="a">Unit rows `[n, width]`.</param>
    /// <param name="b">Unit rows `[m, width]`.</param>
    /// <param name="neighbours">Number of largest cosines in the means.</param>
    /// <param name="maximum">Most pairs.</param>
    /// <param name="blockSize">Most rows of a block.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    public static PseudoPairs Find(Tensor a, Tensor b, int neighbours, int maximum, int blockSize, CancellationToken cancellationToken = default)
    {
        using var scope = NewDisposeScope();
        // Comparisons alone: float32 is enough, and half the memory and time.
        var (fastA, fastB) = (a.to(ScalarType.Float32), b.to(ScalarType.Float32).t());
        var (n, m) = (a.size(0), b.size(0));
        var rows = (int)Math.Clamp(BlockElements / Math.Max(m, 1), 1, blockSize);
        var (radiiA, radiiB) = Radii(fastA, fastB, neighbours, rows, cancellationToken);
        var (bestOfA, bestOfB) = Best(fastA, fastB, radiiA, radiiB, rows, cancellationToken);
        var mutual = bestOfB.index_select(0, bestOfA).eq(Scalars.Range(n, a.device)).nonzero().squeeze(1);
        var partners = bestOfA.index_select(0, mutual);
        var cosines = Pairwise.RowDots(a.index_select(0, mutual).to(ScalarType.Float64), b.index_select(0, partners).to(ScalarType.Float64));
        var (numbersA, numbersB, values) = (mutual.cpu().data<long>().ToArray(), partners.cpu().data<long>().ToArray(), cosines.cpu().data<double>().ToArray());
        var order = Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).Take(maximum).ToArray(); // stable
        return new PseudoPairs([.. order.Select(i => numbersA[i])], [.. order.Select(i => numbersB[i])], [.. order.Select(i => values[i])]);
    }

    private static (Tensor A, Tensor B) Radii(Tensor a, Tensor b, int neighbours, int blockSize, CancellationToken cancellationToken)
    {
        using var scope = NewDisposeScope();
        var (n, m) = (a.size(0), b.size(1));
        var radii = empty(n, a.dtype, a.device);
        var largest = a.new_full([Math.Min(neighbours, n), m], Scalars.Of(double.NegativeInfinity)); // of the columns so far
        for (long start = 0; start < n; start += blockSize)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            var length = Math.Min(blockSize, n - start);
            var cosines = a.narrow(0, start, length).matmul(b);
            radii.narrow(0, start, length).copy_(cosines.topk((int)Math.Min(neighbours, m), 1).values.mean([1]));
            var candidates = cat([largest, cosines.topk((int)Math.Min(neighbours, length), 0).values], 0);
            largest.copy_(candidates.topk((int)largest.size(0), 0).values);
        }
        return (radii.MoveToOuterDisposeScope(), largest.mean([0]).MoveToOuterDisposeScope());
    }

    private static (Tensor OfA, Tensor OfB) Best(Tensor a, Tensor b, Tensor radiiA, Tensor radiiB, int blockSize, CancellationToken cancellationToken)
    {
        using var scope = NewDisposeScope();
        var (n, m) = (a.size(0), b.size(1));
        var bestOfA = empty(n, ScalarType.Int64, a.device);
        var (highest, bestOfB) = (a.new_full([m], Scalars.Of(double.NegativeInfinity)), zeros(m, ScalarType.Int64, a.device));
        for (long start = 0; start < n; start += blockSize)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            var length = Math.Min(blockSize, n - start);
            var corrected = a.narrow(0, start, length).matmul(b).mul_(Scalars.Of(2)).sub_(radiiA.narrow(0, start, length).unsqueeze(1)).sub_(radiiB);
            bestOfA.narrow(0, start, length).copy_(corrected.argmax(1));
            var (values, rows) = corrected.max(0);
            var higher = values > highest;
            bestOfB.copy_(where(higher, rows.Plus(start), bestOfB));
            highest.copy_(maximum(values, highest));
        }
        return (bestOfA.MoveToOuterDisposeScope(), bestOfB.MoveToOuterDisposeScope());
    }
}
