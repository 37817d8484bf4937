using System.Numerics.Tensors;

namespace Microsoft.ML.GentleClip.Analysis;

/// <summary>
/// Centred kernel alignment (Kornblith et al., "Similarity of Neural Network Representations Revisited", 2019) by the unbiased estimator of HSIC
/// (Song et al., "Feature Selection via Dependence Maximization", 2012): about 0 for unrelated views however few the pairs, where the plain estimator
/// is near 1 with more dimensions than pairs. It is the cosine of the two U-centred kernels (Székely and Rizzo, 2014), hence within -1 and 1.
/// </summary>
internal static class KernelAgreement
{
    /// <summary>Pairs below which the estimator does not exist.</summary>
    public const int FewestPairs = 4;

    /// <summary>U-centred kernel of length 1, diagonal 0; null where nothing is left.</summary>
    public static double[][]? Centre(double[][]? kernel)
    {
        var n = kernel?.Length ?? 0;
        if (n < FewestPairs)
            return null;
        var sums = new double[n];
        var largest = 0.0;
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                if (i != j)
                {
                    sums[i] += kernel![i][j];
                    largest = Math.Max(largest, Math.Abs(kernel[i][j]));
                }
        var total = sums.Sum() / (n - 1.0) / (n - 2.0);
        var centred = new double[n][];
        var squares = 0.0;
        for (var i = 0; i < n; i++)
        {
            centred[i] = new double[n];
            for (var j = 0; j < n; j++)
                if (i != j)
                    centred[i][j] = kernel![i][j] - ((sums[i] + sums[j]) / (n - 2.0)) + total;
            squares += TensorPrimitives.SumOfSquares<double>(centred[i]);
        }
        var length = Math.Sqrt(squares);
        if (length <= 1e-12 * largest * n)
            return null;
        foreach (var row in centred)
            TensorPrimitives.Divide(row, length, row);
        return centred;
    }

    /// <summary>The cosine of two centred kernels, B's rows in another order; null where one is null.</summary>
    public static double? Of(double[][]? a, double[][]? b, int[]? order = null)
    {
        if (a is null || b is null)
            return null;
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
        {
            if (order is null)
            {
                sum += TensorPrimitives.Dot<double>(a[i], b[i]);
                continue;
            }
            var (left, right, product) = (a[i], b[order[i]], 0.0);
            for (var j = 0; j < i; j++)
                product += left[j] * right[order[j]];
            sum += 2 * product;
        }
        return Math.Clamp(sum, -1, 1);
    }
}
