using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>Medians of what lies above the diagonal of a matrix.</summary>
internal static class Medians
{
    /// <summary>Scalar: the lower median over all i &lt; j of a symmetric matrix `[n, n]`, without a graph; NaN where there is one, or nothing.</summary>
    public static Tensor LowerOfPairs(Tensor matrix)
    {
        // On the CPU by selection in place; torch gathers the triangle by indices first, which takes several times as long.
        return matrix.device_type != TorchSharp.DeviceType.CPU ? Gathered(matrix) : matrix.dtype switch
        {
            ScalarType.Float32 => tensor(Selected<float>(matrix), matrix.dtype),
            ScalarType.Float64 => tensor(Selected<double>(matrix), matrix.dtype),
            _ => Gathered(matrix),
        };
    }

    private static Tensor Gathered(Tensor matrix)
    {
        var pairs = triu_indices(matrix.size(0), matrix.size(0), 1, device: matrix.device);
        return matrix.index([pairs[0], pairs[1]]).median();
    }

    private static T Selected<T>(Tensor matrix) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var n = (int)matrix.size(0);
        var values = MemoryMarshal.Cast<byte, T>(matrix.contiguous().bytes);
        var pairs = new T[n * (n - 1) / 2];
        var count = 0;
        for (var i = 0; i < n; i++)
        {
            foreach (var value in values.Slice(i * n + i + 1, n - i - 1))
            {
                if (T.IsNaN(value))
                    return T.NaN;
                pairs[count++] = value;
            }
        }

        return count == 0 ? T.NaN : Select<T>(pairs, (count - 1) / 2);
    }

    // Hoare's selection: everything before place k is no larger in the end, everything behind no smaller.
    private static T Select<T>(Span<T> values, int k) where T : IFloatingPointIeee754<T>
    {
        var (low, high) = (0, values.Length - 1);
        while (low < high)
        {
            var (pivot, i, j) = (values[low + (high - low) / 2], low, high);
            do
            {
                while (values[i] < pivot)
                    i++;
                while (values[j] > pivot)
                    j--;
                if (i > j)
                    break;
                (values[i], values[j]) = (values[j], values[i]);
                i++;
                j--;
            }
            while (i <= j);
            if (k <= j)
                high = j;
            else if (k >= i)
                low = i;
            else
                break;
        }

        return values[k];
    }
}
