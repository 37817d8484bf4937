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
    /// <param name="blockSize">Most rows at a time.</param>
    /// <param name="passed">Told how many rows a block had, in each pass over them.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    public static RowPreparation? Fit(
        IReadOnlyList<RowSource> parts, int components, int blockSize, Action<long>? passed = null, CancellationToken cancellationToken = default)
    {
        using var scope = NewDisposeScope();
        var pace = new Pace(blockSize, passed, cancellationToken);
        var mean = CentredRows.Mean(parts, pace);
        if (PrincipalDirections.Of(new CentredRows(parts, mean, pace), components) is not { } directions)
            return null;
        var basis = directions.Vectors.Over(Math.Sqrt(directions.Variance / mean.size(0)));
        var prepared = new RowPreparation(mean, basis, 1);
        var bandwidth = MedianSquaredDistance(cat([.. EvenlySpaced(parts).Select(part => prepared.Apply(part, blockSize, cancellationToken))], 0));
        return double.IsFinite(bandwidth) ? new RowPreparation(mean.MoveToOuterDisposeScope(), basis.MoveToOuterDisposeScope(), bandwidth) : null;
    }

    /// <summary>Prepared rows `[n, components]`.</summary>
    public Tensor Apply(RowSource rows, int blockSize, CancellationToken cancellationToken = default) =>
        rows.Times(Mean, Basis, 0, new Pace(blockSize, CancellationToken: cancellationToken));

    /// <inheritdoc cref="Apply(RowSource, int, CancellationToken)"/>
    public Tensor Apply(Tensor rows, int blockSize, CancellationToken cancellationToken = default) => Apply(new TensorRows(rows), blockSize, cancellationToken);

    // Half of the pairs of a mass of equal rows are no distance at all: then the median of the others, NaN without others.
    private static double MedianSquaredDistance(Tensor rows)
    {
        var pairs = triu_indices(rows.size(0), rows.size(0), 1, device: rows.device);
        var distances = Pairwise.SquaredDistances(rows, rows).index([pairs[0], pairs[1]]);
        var smallest = 1e-10 * distances.max().item<double>();
        var median = distances.median().item<double>();
        return median > smallest ? median : distances[distances.gt(Scalars.Of(smallest))].median().item<double>();
    }

    private static IEnumerable<RowSource> EvenlySpaced(IReadOnlyList<RowSource> parts)
    {
        var count = parts.Sum(part => part.Count);
        var wanted = Math.Min(count, RowsForBandwidth);
        var numbers = Enumerable.Range(0, (int)wanted).Select(i => i * count / wanted).ToArray();
        var offset = 0L;
        foreach (var part in parts)
        {
            yield return part.Pick([.. numbers.Where(number => number >= offset && number < offset + part.Count).Select(number => number - offset)]);
            offset += part.Count;
        }
    }
}
