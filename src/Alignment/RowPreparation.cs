using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// First step of a modality, learnt from all its rows: subtract their mean, divide by one global standard deviation, keep the leading
/// principal components with their spectrum.
/// </summary>
internal sealed class RowPreparation(Tensor mean, Tensor basis, double bandwidth)
{
    private const double SmallestEigenvalue = 1e-10; // of the largest; less is rounding, and would count in the mean eigenvalue of the ridge
    private const double SmallestVariance = 1e-290; // eigenvalues above 1e-10 of it are still normal numbers
    private const int RowsForBandwidth = 1000;

    /// <summary>`[dim]`.</summary>
    public Tensor Mean { get; } = mean;

    /// <summary>`[dim, components]`: orthogonal columns, divided by the standard deviation.</summary>
    public Tensor Basis { get; } = basis;

    /// <summary>Median squared distance of prepared rows.</summary>
    public double Bandwidth { get; } = bandwidth;

    /// <summary>Learns the preparation; null where all rows are equal but for rounding, or float64 overflows.</summary>
    /// <param name="parts">Rows `[n, dim]` of any floating-point type.</param>
    /// <param name="components">Most components.</param>
    /// <param name="blockSize">Rows at a time.</param>
    /// <param name="passed">Told how many rows a block had, in each of two passes.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    public static RowPreparation? Fit(
        IReadOnlyList<Tensor> parts, int components, int blockSize, Action<long>? passed = null, CancellationToken cancellationToken = default)
    {
        using var scope = NewDisposeScope();
        var (count, dimension) = (parts.Sum(part => part.size(0)), parts[0].size(1));
        var mean = zeros(dimension, ScalarType.Float64, parts[0].device);
        foreach (var block in Blocks(parts, blockSize, passed, cancellationToken))
            using (NewDisposeScope())
                mean.AddInPlace(block.to(ScalarType.Float64).sum(dim: 0));
        // Divided at the end: the sum of equal float32 values is exact, and a constant column of 1e30 must not vary by rounding.
        mean.div_(Scalars.Of(count));
        var moments = dimension <= count ? Covariance(parts, mean, count, blockSize, passed, cancellationToken) : Gram(parts, mean, count);
        var variance = moments.trace().item<double>();
        if (variance <= SmallestVariance || !double.IsFinite(variance))
            return null;
        var (values, vectors) = linalg.eigh(moments);
        if (dimension > count)
            vectors = Directions(parts, mean, vectors) / values.Times(count).clamp_min(Scalars.Of(double.Epsilon)).sqrt();
        var largest = values[^1].item<double>();
        var kept = Math.Min(components, values.greater(largest * SmallestEigenvalue).sum(ScalarType.Int64).item<long>());
        var basis = vectors.narrow(1, vectors.size(1) - kept, kept).flip(1).Over(Math.Sqrt(variance / dimension));
        var prepared = new RowPreparation(mean, basis, 1);
        var bandwidth = MedianSquaredDistance(prepared.Apply(EvenlySpaced(parts, count), blockSize, cancellationToken));
        return double.IsFinite(bandwidth) ? new RowPreparation(mean.MoveToOuterDisposeScope(), basis.MoveToOuterDisposeScope(), bandwidth) : null;
    }

    /// <summary>Prepared rows `[n, components]`.</summary>
    public Tensor Apply(Tensor rows, int blockSize, CancellationToken cancellationToken = default) =>
        Rows.InBlocks(rows, blockSize, block => (block.to(ScalarType.Float64) - Mean).matmul(Basis), cancellationToken);

    private static Tensor Covariance(
        IReadOnlyList<Tensor> parts, Tensor mean, long count, int blockSize, Action<long>? passed, CancellationToken cancellationToken)
    {
        var covariance = zeros(mean.size(0), mean.size(0), ScalarType.Float64, mean.device);
        foreach (var block in Blocks(parts, blockSize, passed, cancellationToken))
        {
            using var step = NewDisposeScope();
            var centred = block.to(ScalarType.Float64) - mean;
            covariance.addmm_(centred.t(), centred);
        }
        return covariance.div_(Scalars.Of(count));
    }

    // Inner products of rows have the same non-zero eigenvalues, and are fewer where there are fewer rows than dimensions.
    private static Tensor Gram(IReadOnlyList<Tensor> parts, Tensor mean, long count)
    {
        var centred = Centred(parts, mean);
        return centred.matmul(centred.t()).Over(count);
    }

    private static Tensor Directions(IReadOnlyList<Tensor> parts, Tensor mean, Tensor vectors) => Centred(parts, mean).t().matmul(vectors);

    private static Tensor Centred(IReadOnlyList<Tensor> parts, Tensor mean) => cat([.. parts.Select(part => part.to(ScalarType.Float64))], 0) - mean;

    // Half of the pairs of a mass of equal rows are no distance at all: then the median of the others, NaN without others.
    private static double MedianSquaredDistance(Tensor rows)
    {
        var pairs = triu_indices(rows.size(0), rows.size(0), 1, device: rows.device);
        var distances = Pairwise.SquaredDistances(rows, rows).index([pairs[0], pairs[1]]);
        var smallest = 1e-10 * distances.max().item<double>();
        var median = distances.median().item<double>();
        return median > smallest ? median : distances[distances.gt(Scalars.Of(smallest))].median().item<double>();
    }

    private static Tensor EvenlySpaced(IReadOnlyList<Tensor> parts, long count)
    {
        var (picked, offset) = (new List<Tensor>(), 0L);
        var wanted = Math.Min(count, RowsForBandwidth);
        var numbers = Enumerable.Range(0, (int)wanted).Select(i => i * count / wanted).ToArray();
        foreach (var part in parts)
        {
            var own = numbers.Where(number => number >= offset && number < offset + part.size(0)).Select(number => number - offset).ToArray();
            picked.Add(Rows.Pick(part, own));
            offset += part.size(0);
        }
        return cat(picked, 0);
    }

    private static IEnumerable<Tensor> Blocks(IReadOnlyList<Tensor> parts, int blockSize, Action<long>? passed, CancellationToken cancellationToken)
    {
        foreach (var part in parts)
            for (long start = 0; start < part.size(0); start += blockSize)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var rows = Math.Min(blockSize, part.size(0) - start);
                yield return part.narrow(0, start, rows);
                passed?.Invoke(rows);
            }
    }
}
