using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// Rows of which most slots hold no number. Products take only the stored numbers; the mean, which fills every slot, is subtracted from the result.
/// Only where a column is stored in every row it is subtracted first, as its size says nothing about its spread.
/// </summary>
internal abstract class SparseRows : RowSource
{
    private const int LargestMatrix = 1 << 27; // in bytes the length of a span
    private const int RowsBetweenChecks = 256;

    private int[]? _stored;

    /// <summary>Whether the products of this class are worth it, on the CPU; without it rows are gone over as dense blocks.</summary>
    protected abstract bool IsSparse { get; }

    /// <summary>The stored numbers of a row.</summary>
    protected abstract StoredNumbers Stored(long row);

    /// <inheritdoc/>
    public override void AddTo(Tensor sums, Pace pace)
    {
        if (!IsSparse)
        {
            base.AddTo(sums, pace);
            return;
        }
        var own = new double[Dimension];
        for (long row = 0; row < Count; row++)
        {
            var numbers = Next(row, pace);
            for (var i = 0; i < numbers.Count; i++)
                own[numbers.Slot(i)] += numbers[i];
        }
        using var scope = NewDisposeScope();
        sums.AddInPlace(tensor(own));
    }

    /// <inheritdoc/>
    public override double SquaredDeviations(Tensor mean, Pace pace)
    {
        if (!IsSparse)
            return base.SquaredDeviations(mean, pace);
        var (means, stored, sum) = (mean.data<double>().ToArray(), StoredPerColumn(pace), 0d);
        for (long row = 0; row < Count; row++)
        {
            var numbers = Next(row, pace);
            for (var i = 0; i < numbers.Count; i++)
            {
                var deviation = numbers[i] - means[numbers.Slot(i)];
                sum += deviation * deviation;
            }
        }
        for (var slot = 0; slot < means.Length; slot++)
            sum += (Count - stored[slot]) * means[slot] * means[slot];
        return sum;
    }

    /// <inheritdoc/>
    public override Tensor Times(Tensor mean, Tensor matrix, long from, Pace pace)
    {
        if (!IsSparse)
            return base.Times(mean, matrix, from, pace);
        using var scope = NewDisposeScope();
        var width = (int)matrix.size(1);
        if (IsLarge(width))
            return cat([.. matrix.split(width / 2, 1).Select(part => Times(mean, part, from, pace))], 1).MoveToOuterDisposeScope();
        var (first, later) = Split(mean, pace);
        var result = (-later.unsqueeze(0).matmul(matrix)).repeat(Count - from, 1);
        var source = Numbers(matrix.contiguous());
        var target = Numbers(result);
        for (var row = from; row < Count; row++)
        {
            var numbers = Next(row, pace);
            var sum = target.Slice((int)(row - from) * width, width);
            for (var i = 0; i < numbers.Count; i++)
                TensorPrimitives.MultiplyAdd(source.Slice(numbers.Slot(i) * width, width), numbers[i] - first[numbers.Slot(i)], sum, sum);
        }
        return result.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void AddTransposedTimes(Tensor result, Tensor mean, Tensor matrix, Pace pace)
    {
        if (!IsSparse)
        {
            base.AddTransposedTimes(result, mean, matrix, pace);
            return;
        }
        using var scope = NewDisposeScope();
        var width = (int)matrix.size(1);
        if (IsLarge(width))
        {
            foreach (var (part, factor) in result.split(width / 2, 1).Zip(matrix.split(width / 2, 1)))
                AddTransposedTimes(part, mean, factor, pace);
            return;
        }
        var (first, later) = Split(mean, pace);
        var (own, contiguous) = (zeros([Dimension, width], ScalarType.Float64), matrix.contiguous());
        var source = Numbers(contiguous);
        var target = Numbers(own);
        for (long row = 0; row < Count; row++)
        {
            var numbers = Next(row, pace);
            var factor = source.Slice((int)row * width, width);
            for (var i = 0; i < numbers.Count; i++)
            {
                var sum = target.Slice(numbers.Slot(i) * width, width);
                TensorPrimitives.MultiplyAdd(factor, numbers[i] - first[numbers.Slot(i)], sum, sum);
            }
        }
        result.AddInPlace(own.addmm_(later.unsqueeze(1), -matrix.sum(dim: 0).unsqueeze(0)));
    }

    private static Span<double> Numbers(Tensor contiguous) => MemoryMarshal.Cast<byte, double>(contiguous.bytes);

    private bool IsLarge(int width) => width > 1 && width * Math.Max(Count, Dimension) > LargestMatrix;

    private StoredNumbers Next(long row, Pace pace)
    {
        if (row % RowsBetweenChecks == 0)
        {
            pace.CancellationToken.ThrowIfCancellationRequested();
            if (row > 0)
                pace.Passed?.Invoke(RowsBetweenChecks);
        }
        return Stored(row);
    }

    // What is subtracted from the stored numbers, and what from the products.
    private (double[] First, Tensor Later) Split(Tensor mean, Pace pace)
    {
        var (first, later, stored) = (mean.data<double>().ToArray(), mean.data<double>().ToArray(), StoredPerColumn(pace));
        for (var slot = 0; slot < first.Length; slot++)
            (stored[slot] == Count ? ref later[slot] : ref first[slot]) = 0;
        return (first, tensor(later));
    }

    private int[] StoredPerColumn(Pace pace)
    {
        if (_stored is not null)
            return _stored;
        var stored = new int[Dimension];
        for (long row = 0; row < Count; row++)
        {
            var numbers = Next(row, pace);
            for (var i = 0; i < numbers.Count; i++)
                stored[numbers.Slot(i)]++;
        }
        return _stored = stored;
    }

    /// <summary>Numbers of a row and the slots that they are in.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="slots">Their slots, ascending; empty where every slot is stored.</param>
    protected readonly ref struct StoredNumbers(ReadOnlySpan<float> values, ReadOnlySpan<int> slots)
    {
        private readonly ReadOnlySpan<float> _values = values;
        private readonly ReadOnlySpan<int> _slots = slots;

        /// <summary>How many are stored.</summary>
        public int Count => _values.Length;

        /// <summary>A number.</summary>
        public double this[int index] => _values[index];

        /// <summary>Its slot.</summary>
        public int Slot(int index) => _slots.IsEmpty ? index : _slots[index];
    }
}
