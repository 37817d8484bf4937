using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>All rows of a side minus their mean, as a matrix that is never whole in memory.</summary>
/// <param name="parts">Parts of the rows, of one dimension.</param>
/// <param name="mean">Of all rows, `[dim]`, float64.</param>
/// <param name="pace">Size of the blocks.</param>
internal sealed class CentredRows(IReadOnlyList<RowSource> parts, Tensor mean, Pace pace)
{
    /// <summary>Number of rows n.</summary>
    public long Count { get; } = parts.Sum(part => part.Count);

    /// <summary>Length of a row.</summary>
    public long Dimension => mean.size(0);

    /// <summary>Where the rows are.</summary>
    public Device Device => mean.device;

    /// <summary>The mean of rows.</summary>
    public static Tensor Mean(IReadOnlyList<RowSource> parts, Pace pace)
    {
        var sums = zeros(parts[0].Dimension, ScalarType.Float64, parts[0].Device);
        foreach (var part in parts)
            part.AddTo(sums, pace);
        // Divided at the end: the sum of equal float32 values is exact, and a constant column of 1e30 must not vary by rounding.
        return sums.div_(Scalars.Of(parts.Sum(part => part.Count)));
    }

    /// <summary>Mean squared length of a row.</summary>
    public double Variance() => parts.Sum(part => part.SquaredDeviations(mean, pace)) / Count;

    /// <summary>X matrix, `[n, k]`.</summary>
    public Tensor Times(Tensor matrix)
    {
        using var scope = NewDisposeScope();
        return cat([.. parts.Select(part => part.Times(mean, matrix, 0, pace))], 0).MoveToOuterDisposeScope();
    }

    /// <summary>X' matrix, `[dim, k]`.</summary>
    public Tensor TransposedTimes(Tensor matrix)
    {
        var result = zeros([Dimension, matrix.size(1)], ScalarType.Float64, Device);
        var start = 0L;
        foreach (var part in parts)
        {
            using var scope = NewDisposeScope();
            part.AddTransposedTimes(result, mean, matrix.narrow(0, start, part.Count), pace);
            start += part.Count;
        }
        return result;
    }

    /// <summary>X'X / n, `[dim, dim]`.</summary>
    public Tensor Covariance()
    {
        var covariance = zeros([Dimension, Dimension], ScalarType.Float64, Device);
        foreach (var part in parts)
            part.AddCovariance(covariance, mean, pace);
        return covariance.div_(Scalars.Of(Count));
    }

    /// <summary>XX' / n, `[n, n]`, its lower triangle: it has the covariance's non-zero eigenvalues, and is smaller where rows are fewer than
    /// dimensions.</summary>
    public Tensor LowerGram()
    {
        var gram = zeros([Count, Count], ScalarType.Float64, Device);
        var firstOfPart = 0L;
        for (var own = 0; own < parts.Count; firstOfPart += parts[own].Count, own++)
            foreach (var (start, length) in parts[own].Blocks(0, pace))
            {
                using var step = NewDisposeScope();
                var block = RowSource.Centred(parts[own].Block(start, length), mean).t();
                var row = firstOfPart;
                for (var other = own; other < parts.Count; row += parts[other].Count, other++)
                {
                    var from = other == own ? start : 0;
                    gram.narrow(0, row + from, parts[other].Count - from).narrow(1, firstOfPart + start, length)
                        .copy_(parts[other].Times(mean, block, from, pace));
                }
            }
        return gram.div_(Scalars.Of(Count));
    }
}
