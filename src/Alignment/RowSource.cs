using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>Rows of a side, read a block at a time: all of them at once in float64 would take several times the memory of the features.</summary>
internal abstract class RowSource
{
    /// <summary>Most numbers of a block: 16 megabytes in float64.</summary>
    public const int BlockElements = 1 << 21;

    /// <summary>Number of rows.</summary>
    public abstract long Count { get; }

    /// <summary>Length of a row.</summary>
    public abstract long Dimension { get; }

    /// <summary>Where the blocks are.</summary>
    public abstract Device Device { get; }

    /// <summary>Rows as they are, `[length, dim]`, of a floating-point type.</summary>
    public abstract Tensor Block(long start, long length);

    /// <summary>The rows of these numbers, in this order.</summary>
    public abstract RowSource Pick(long[] numbers);

    /// <summary>Rows minus a mean in float64, without a second copy of them where they are of another type.</summary>
    public static Tensor Centred(Tensor rows, Tensor mean) =>
        rows.dtype == ScalarType.Float64 ? rows - mean : rows.to(ScalarType.Float64).sub_(mean);

    /// <summary>Adds the rows to `[dim]`.</summary>
    public virtual void AddTo(Tensor sums, Pace pace)
    {
        foreach (var (start, length) in Blocks(0, pace))
            using (NewDisposeScope())
                sums.AddInPlace(Block(start, length).to(ScalarType.Float64).sum(dim: 0));
    }

    /// <summary>Sum of the squares of (rows - mean).</summary>
    public virtual double SquaredDeviations(Tensor mean, Pace pace)
    {
        var sum = 0d;
        foreach (var (start, length) in Blocks(0, pace))
            using (NewDisposeScope())
                sum += Centred(Block(start, length), mean).Squared().sum().item<double>();
        return sum;
    }

    /// <summary>(rows - mean) matrix, `[n - from, k]`, of the rows from a number on.</summary>
    /// <param name="mean">`[dim]`.</param>
    /// <param name="matrix">`[dim, k]`, float64.</param>
    /// <param name="from">First row.</param>
    /// <param name="pace">Size of the blocks.</param>
    public virtual Tensor Times(Tensor mean, Tensor matrix, long from, Pace pace)
    {
        var result = empty([Count - from, matrix.size(1)], ScalarType.Float64, Device);
        foreach (var (start, length) in Blocks(from, pace))
            using (NewDisposeScope())
                result.narrow(0, start - from, length).copy_(Centred(Block(start, length), mean).matmul(matrix));
        return result;
    }

    /// <summary>Adds (rows - mean)' matrix to `[dim, k]`.</summary>
    /// <param name="result">`[dim, k]`, float64.</param>
    /// <param name="mean">`[dim]`.</param>
    /// <param name="matrix">`[n, k]`, float64.</param>
    /// <param name="pace">Size of the blocks.</param>
    public virtual void AddTransposedTimes(Tensor result, Tensor mean, Tensor matrix, Pace pace)
    {
        foreach (var (start, length) in Blocks(0, pace))
            using (NewDisposeScope())
                result.addmm_(Centred(Block(start, length), mean).t(), matrix.narrow(0, start, length));
    }

    /// <summary>Adds (rows - mean)' (rows - mean) to `[dim, dim]`.</summary>
    public virtual void AddCovariance(Tensor covariance, Tensor mean, Pace pace)
    {
        foreach (var (start, length) in Blocks(0, pace))
            using (NewDisposeScope())
            {
                var centred = Centred(Block(start, length), mean);
                covariance.addmm_(centred.t(), centred);
            }
    }

    /// <summary>Cuts the rows from a number on into blocks of few enough numbers.</summary>
    public IEnumerable<(long Start, long Length)> Blocks(long from, Pace pace)
    {
        var rows = Math.Clamp(BlockElements / Dimension, 1, pace.BlockSize);
        for (var start = from; start < Count; start += rows)
        {
            pace.CancellationToken.ThrowIfCancellationRequested();
            var length = Math.Min(rows, Count - start);
            yield return (start, length);
            pace.Passed?.Invoke(length);
        }
    }
}

/// <summary>How rows are gone over.</summary>
/// <param name="BlockSize">Most rows at a time.</param>
/// <param name="Passed">Told how many rows each block had; may throw to stop.</param>
/// <param name="CancellationToken">Stops between blocks.</param>
internal readonly record struct Pace(int BlockSize, Action<long>? Passed = null, CancellationToken CancellationToken = default);
