using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Analysis;

/// <summary>Runs the sampling-size analysis of the paper's appendix E on a column.</summary>
internal static class SamplingSizeAnalyzer
{
    /// <summary>Rows kept of longer columns, unless a batch size needs more.</summary>
    public const int MaximumRows = 20_000;

    private const int Reference = 2, SecondDefault = 4, LargestDefault = 512;

    /// <summary>Reads the column and compares batches of it.</summary>
    public static SamplingSizeAnalysis Run(
        IHostEnvironment environment, IDataView data, string columnName, IReadOnlyList<int>? batchSizes, int repetitions, int? seed,
            CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentException.ThrowIfNullOrEmpty(columnName);
        ArgumentOutOfRangeException.ThrowIfLessThan(repetitions, 2); // one has no spread
        int[]? sizes = batchSizes is null ? null : [.. batchSizes.Distinct().Order()];
        if (sizes is [] or [< Reference, ..])
            throw new ArgumentException($"Batch sizes must be at least {Reference}; found {(sizes.Length == 0 ? "none" : string.Join(", ", sizes))}.",
                nameof(batchSizes));

        CheckCancelled();
        using var threads = ThreadCountLease.Acquire(null, cancellationToken: cancellationToken);
        var usedSeed = seed ?? HostSettings.Seed(environment) ?? RandomNumberGenerator.GetInt32(int.MaxValue);
        using var random = new RandomSource(usedSeed);
        var capacity = Math.Max(MaximumRows, 2L * (sizes?[^1] ?? 0));
        var sample = RowSample.Read(data, columnName, capacity, random.Managed("rows"), CheckCancelled);
        var fewest = 2L * (sizes?[^1] ?? SecondDefault);
        if (sample.Rows.Count < fewest)
            throw new InvalidOperationException(
                $"Column '{columnName}' has {sample.Present} rows with a vector and {sample.Absent} without; expected at least {fewest}, two disjoint "
                    + $"batches of {fewest / 2}.");
        sizes ??= [.. DefaultSizes().TakeWhile(size => 2 * size <= sample.Rows.Count)];

        using var noGrad = no_grad();
        var reference = Draw(sample.Rows, Reference, repetitions, random, CheckCancelled);
        if (reference.Printed.Mean == 0 || reference.LeaveOneOut.Mean == 0)
            throw new InvalidOperationException(
                $"Column '{columnName}': {repetitions} pairs of batches of {Reference} rows do not differ at all; expected rows that are not all equal.");
        var gaps = sizes.Select(size => size == Reference
            ? new SamplingSizeGap(size, 1, 0, 1, 0, repetitions)
            : Relative(size, repetitions, Draw(sample.Rows, size, repetitions, random, CheckCancelled), reference)).ToArray();
        return new SamplingSizeAnalysis(columnName, sample.Dimension, sample.Present, sample.Absent, sample.Rows.Count, usedSeed, Array.AsReadOnly(gaps));

        void CheckCancelled()
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (HostSettings.IsCanceled(environment))
                throw new OperationCanceledException("The analysis was cancelled through the MLContext.");
        }
    }

    private static IEnumerable<int> DefaultSizes()
    {
        for (var size = Reference; size <= LargestDefault; size *= 2)
            yield return size;
    }

    /// <summary>Gaps of pairs of disjoint random batches. A size has a stream of its own, so that the others do not change its batches.</summary>
    private static (Moments Printed, Moments LeaveOneOut) Draw(List<double[]> rows, int size, int repetitions, RandomSource source, Action checkCancelled)
    {
        var random = source.Managed($"batches of {size}");
        var order = Enumerable.Range(0, rows.Count).ToArray();
        var (printed, leaveOneOut) = (new double[repetitions], new double[repetitions]);
        using var batches = empty([2L * size, rows[0].Length], ScalarType.Float64, CPU); // one for all repetitions: large arrays would keep the collector busy
        for (var repetition = 0; repetition < repetitions; repetition++)
        {
            checkCancelled();
            for (var i = 0; i < 2 * size; i++) // the first steps of a Fisher-Yates shuffle
            {
                var j = i + random.NextInt(order.Length - i);
                (order[i], order[j]) = (order[j], order[i]);
            }
            Fill(batches, rows, order);
            using var scope = NewDisposeScope();
            var both = Scaled(batches);
            var (t, r) = (both.narrow(0, 0, size), both.narrow(0, size, size));
            printed[repetition] = SamplingSize.Gap(t, r).item<double>();
            leaveOneOut[repetition] = SamplingSize.Gap(t, r, leaveOneOut: true).item<double>();
        }
        return (Moments.Of(printed), Moments.Of(leaveOneOut));
    }

    /// <summary>Copies the leading rows of an order into a tensor `[n, dim]`.</summary>
    private static void Fill(Tensor batches, List<double[]> rows, int[] order)
    {
        var dimension = rows[0].Length;
        var values = MemoryMarshal.Cast<byte, double>(batches.bytes);
        for (var i = 0; i < values.Length / dimension; i++)
            rows[order[i]].CopyTo(values[(i * dimension)..]);
    }

    /// <summary>Centred rows of magnitude 1 or less: the gap stays the same, and neither large offsets nor tiny scales cost digits.</summary>
    private static Tensor Scaled(Tensor rows)
    {
        var centred = rows - rows.mean([0], keepdim: true);
        return centred / centred.abs().max().clamp_min(Scalars.Of(double.Epsilon));
    }

    private static SamplingSizeGap Relative(int size, int repetitions, (Moments Printed, Moments LeaveOneOut) gaps,
        (Moments Printed, Moments LeaveOneOut) reference)
    {
        var (ratio, error) = gaps.Printed.RelativeTo(reference.Printed);
        var (ratioLeaveOneOut, errorLeaveOneOut) = gaps.LeaveOneOut.RelativeTo(reference.LeaveOneOut);
        return new SamplingSizeGap(size, ratio, error, ratioLeaveOneOut, errorLeaveOneOut, repetitions);
    }

    private readonly record struct Moments(double Mean, double StandardError)
    {
        public static Moments Of(double[] values)
        {
            var mean = values.Average();
            if (!double.IsFinite(mean))
                throw new InvalidOperationException("The gap between two batches is not finite: differences between the rows leave the range of Double.");
            return new(mean, Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1.0) / values.Length));
        }

        /// <summary>Quotient of two independent means and its standard error to first order.</summary>
        public (double Ratio, double Error) RelativeTo(Moments other)
        {
            var ratio = Mean / other.Mean;
            var (own, others) = (StandardError / other.Mean, ratio * other.StandardError / other.Mean);
            return (ratio, Math.Sqrt((own * own) + (others * others)));
        }
    }
}
