using System.Runtime.Intrinsics;

namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>How alike a row is to each of four candidates; the same sums in the same order for any of the four places.</summary>
internal interface ISimilarity
{
    /// <summary>Four similarities; the larger the more alike.</summary>
    /// <param name="row">One row.</param>
    /// <param name="candidates">Four rows, one after another.</param>
    static abstract Vector128<float> Of(ReadOnlySpan<Vector256<float>> row, ReadOnlySpan<Vector256<float>> candidates);
}

/// <summary>The dot product: the cosine of unit rows.</summary>
internal readonly struct DotProduct : ISimilarity
{
    /// <inheritdoc/>
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
            sum1 += value * first[i];
            sum2 += value * second[i];
            sum3 += value * third[i];
            sum4 += value * fourth[i];
        }
        return Vector128.Create(Vector256.Sum(sum1), Vector256.Sum(sum2), Vector256.Sum(sum3), Vector256.Sum(sum4));
    }
}

/// <summary>The squared Euclidean distance, negative.</summary>
internal readonly struct NegativeSquaredDistance : ISimilarity
{
    /// <inheritdoc/>
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
            var (difference1, difference2, difference3, difference4) = (value - first[i], value - second[i], value - third[i], value - fourth[i]);
            sum1 += difference1 * difference1;
            sum2 += difference2 * difference2;
            sum3 += difference3 * difference3;
            sum4 += difference4 * difference4;
        }
        return -Vector128.Create(Vector256.Sum(sum1), Vector256.Sum(sum2), Vector256.Sum(sum3), Vector256.Sum(sum4));
    }
}
