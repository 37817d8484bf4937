using System.Runtime.Intrinsics;

namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>How alike two rows are: a sum over their slots.</summary>
internal interface ISimilarity
{
    /// <summary>What eight slots add to the sum; the larger the more alike.</summary>
    static abstract Vector256<float> Term(Vector256<float> row, Vector256<float> candidate);
}

/// <summary>The dot product: the cosine of unit rows.</summary>
internal readonly struct DotProduct : ISimilarity
{
    /// <inheritdoc/>
    public static Vector256<float> Term(Vector256<float> row, Vector256<float> candidate) => row * candidate;
}

/// <summary>The squared Euclidean distance, negative.</summary>
internal readonly struct NegativeSquaredDistance : ISimilarity
{
    /// <inheritdoc/>
    public static Vector256<float> Term(Vector256<float> row, Vector256<float> candidate)
    {
        var difference = row - candidate;
        return -(difference * difference);
    }
}

/// <summary>How alike a row is to each of four candidates; the same sums in the same order for any of the four places.</summary>
internal static class Similarity<T>
    where T : struct, ISimilarity
{
    /// <summary>Four similarities.</summary>
    /// <param name="row">One row.</param>
    /// <param name="candidates">Four rows, one after another.</param>
    public static Vector128<float> Of(ReadOnlySpan<Vector256<float>> row, ReadOnlySpan<Vector256<float>> candidates)
    {
        var width = row.Length;
        var first = candidates[..width];
        var second = candidates.Slice(width, width);
        var third = candidates.Slice(2 * width, width);
        var fourth = candidates.Slice(3 * width, width);
        Vector256<float> sum1 = default, sum2 = default, sum3 = default, sum4 = default;
        for (var i = 0; i < row.Length; i++)
        {
            var value = row[i];
            sum1 += T.Term(value, first[i]);
            sum2 += T.Term(value, second[i]);
            sum3 += T.Term(value, third[i]);
            sum4 += T.Term(value, fourth[i]);
        }
        return Vector128.Create(Vector256.Sum(sum1), Vector256.Sum(sum2), Vector256.Sum(sum3), Vector256.Sum(sum4));
    }
}
