using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>
/// Rows scaled to unit length, or as they are, padded with zeros to whole vectors of eight and to whole groups of four rows, so that
/// <see cref="RetrievalRanker"/> needs no remainder loops. A zero row stays zero: its cosine with any other is 0.
/// </summary>
/// <param name="dimension">Values in a row.</param>
/// <param name="capacity">Rows to make room for.</param>
/// <param name="scale">Whether rows are scaled to unit length.</param>
internal sealed class EmbeddingRows(int dimension, int capacity = 0, bool scale = true)
{
    /// <summary>Rows that the ranker takes at once.</summary>
    public const int Group = 4;

    private Vector256<float>[] _values = new Vector256<float>[checked(Padded(capacity) * Width(dimension))];

    /// <summary>Values in a row.</summary>
    public int Dimension => dimension;

    /// <summary>Number of rows.</summary>
    public int Count { get; private set; }

    /// <summary>Number of groups, the last of which may be filled up with zero rows.</summary>
    public int Groups => (Count + Group - 1) / Group;

    /// <summary>Adds a row of finite values.</summary>
    public void Add(ReadOnlySpan<float> row)
    {
        var width = Width(dimension);
        if (_values.Length < checked(Padded(Count + 1) * width))
            Array.Resize(ref _values, Math.Max(Padded(Count + 1) * width, (int)Math.Min(2L * _values.Length, Array.MaxLength)));
        var target = MemoryMarshal.Cast<Vector256<float>, float>(_values.AsSpan(Count++ * width, width));
        if (!scale)
        {
            row.CopyTo(target);
            return;
        }

        // In double, and from the largest value down: the norm of large or tiny values neither overflows nor vanishes.
        double largest = Math.Abs(TensorPrimitives.MaxMagnitude(row)), sum = 0;
        if (largest == 0)
            return;
        foreach (var value in row)
            sum += value / largest * (value / largest);
        var norm = Math.Sqrt(sum);
        for (var i = 0; i < row.Length; i++)
            target[i] = (float)(row[i] / largest / norm);
    }

    /// <summary>Multiplies every value.</summary>
    public void Multiply(float factor)
    {
        var values = MemoryMarshal.Cast<Vector256<float>, float>(_values.AsSpan());
        TensorPrimitives.Multiply(values, factor, values);
    }

    /// <summary>The values of one row.</summary>
    public ReadOnlySpan<float> Values(int row) => MemoryMarshal.Cast<Vector256<float>, float>(Row(row))[..dimension];

    /// <summary>One row.</summary>
    public ReadOnlySpan<Vector256<float>> Row(int row) => _values.AsSpan(row * Width(dimension), Width(dimension));

    /// <summary>Four rows, one after another.</summary>
    public ReadOnlySpan<Vector256<float>> GroupOfRows(int group) => _values.AsSpan(group * Group * Width(dimension), Group * Width(dimension));

    private static int Width(int dimension) => (dimension + Vector256<float>.Count - 1) / Vector256<float>.Count;

    private static int Padded(int rows) => (rows + Group - 1) / Group * Group;
}
