using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>Pieces that the parts of the alignment share. All arithmetic is in float64.</summary>
internal static class Rows
{
    /// <summary>Rows up to this length have no direction.</summary>
    public const double SmallestNorm = 1e-12; // prepared rows are of order 1: less is rounding

    /// <summary>Rows of length 1; those without a direction become zero.</summary>
    public static Tensor Unit(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var norms = rows.Squared().sum(dim: 1, keepdim: true).sqrt_();
        return (rows / norms.masked_fill_(norms.le(Scalars.Of(SmallestNorm)), Scalars.Of(double.PositiveInfinity))).MoveToOuterDisposeScope();
    }

    /// <summary>The Gaussian kernel exp(-distance² / bandwidth) `[n, m]`.</summary>
    public static Tensor Gaussian(Tensor x, Tensor y, double bandwidth) => Pairwise.SquaredDistances(x, y).mul_(Scalars.Of(-1 / bandwidth)).exp_();

    /// <summary>Applies a function of row blocks and puts its results below one another.</summary>
    public static Tensor InBlocks(Tensor rows, int blockSize, Func<Tensor, Tensor> function, CancellationToken cancellationToken = default)
    {
        using var scope = NewDisposeScope();
        Tensor? result = null;
        for (long start = 0, count = rows.size(0); start < count || result is null; start += blockSize)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            var length = Math.Min(blockSize, count - start);
            var block = function(rows.narrow(0, start, length));
            result ??= empty([count, block.size(1)], block.dtype, block.device).MoveToOuterDisposeScope();
            result.narrow(0, start, length).copy_(block);
        }
        return result.MoveToOuterDisposeScope();
    }

    /// <summary>Ascending numbers of a random subset of rows, or null where all may stay.</summary>
    public static long[]? Sample(long count, int maximum, ManagedGenerator random)
    {
        if (count <= maximum)
            return null;
        var all = Enumerable.Range(0, checked((int)count)).Select(i => (long)i).ToArray();
        random.Shuffle(all.AsSpan());
        return [.. all.Take(maximum).Order()];
    }

    /// <summary>The rows of these numbers; all for null.</summary>
    public static Tensor Pick(Tensor rows, long[]? numbers)
    {
        if (numbers is null)
            return rows.alias();
        using var index = tensor(numbers, device: rows.device);
        return rows.index_select(0, index);
    }

    /// <summary>Cuts n rows into blocks of at most <paramref name="blockSize"/> whose products with m others hold at most 4 blockSize² numbers.</summary>
    public static IEnumerable<(long Start, long Length)> Blocks(long n, long m, int blockSize)
    {
        var rows = Math.Clamp(4L * blockSize * blockSize / Math.Max(m, 1), 1, blockSize);
        for (long start = 0; start < n; start += rows)
            yield return (start, Math.Min(rows, n - start));
    }
}
