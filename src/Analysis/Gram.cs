using System.Numerics.Tensors;

namespace Microsoft.ML.GentleClip.Analysis;

/// <summary>Inner products of rows, and what follows from them; plain float64, one order of additions whatever the number of threads.</summary>
internal static class Gram
{
    /// <summary>Centred rows of magnitude 1 or less; null where all rows are equal.</summary>
    public static double[][]? Centred(IReadOnlyList<double[]> rows)
    {
        if (rows.Count == 0)
            return null;
        var largest = 0.0;
        foreach (var row in rows)
            largest = Math.Max(largest, Math.Abs(TensorPrimitives.MaxMagnitude<double>(row)));
        if (largest == 0)
            return null;
        var mean = new double[rows[0].Length];
        foreach (var row in rows)
            for (var slot = 0; slot < mean.Length; slot++)
                mean[slot] += ((row[slot] / largest) - (rows[0][slot] / largest)) / rows.Count;
        var centred = new double[rows.Count][];
        var spread = 0.0;
        for (var i = 0; i < centred.Length; i++)
        {
            centred[i] = [.. rows[i].Select((value, slot) => (value / largest) - (rows[0][slot] / largest) - mean[slot])];
            spread = Math.Max(spread, Math.Abs(TensorPrimitives.MaxMagnitude<double>(centred[i])));
        }
        if (spread == 0) // exactly, as all is relative to the first row
            return null;
        foreach (var row in centred)
            TensorPrimitives.Divide(row, spread, row);
        return centred;
    }

    /// <summary>Inner products `[n, n]` of rows.</summary>
    public static double[][] Products(double[][] rows, CancellationToken cancellationToken)
    {
        var products = new double[rows.Length][];
        for (var i = 0; i < rows.Length; i++)
            products[i] = new double[rows.Length];
        Parallel.For(0, rows.Length, new ParallelOptions { CancellationToken = cancellationToken }, i =>
        {
            for (var j = 0; j <= i; j++)
                products[i][j] = products[j][i] = TensorPrimitives.Dot<double>(rows[i], rows[j]);
        });
        return products;
    }

    /// <summary>Squared distances `[n, n]`.</summary>
    public static double[][] SquaredDistances(double[][] products)
    {
        var distances = new double[products.Length][];
        for (var i = 0; i < distances.Length; i++)
        {
            distances[i] = new double[products.Length];
            for (var j = 0; j < distances.Length; j++)
                distances[i][j] = i == j ? 0 : Math.Max(0, products[i][i] + products[j][j] - (2 * products[i][j]));
        }
        return distances;
    }

    /// <summary>Participation ratio of the covariance's eigenvalues, (sum)² / sum of squares: how many directions share the spread. At most n - 1.</summary>
    public static double ParticipationRatio(double[][] products)
    {
        var (trace, squares) = (0.0, 0.0);
        for (var i = 0; i < products.Length; i++)
        {
            trace += products[i][i];
            squares += TensorPrimitives.SumOfSquares<double>(products[i]);
        }
        return trace * trace / squares;
    }

    /// <summary>exp(-distance² / median squared distance); null where no two rows differ.</summary>
    public static double[][]? Gaussian(double[][] distances)
    {
        var all = new List<double>(distances.Length * (distances.Length - 1) / 2);
        for (var i = 0; i < distances.Length; i++)
            for (var j = 0; j < i; j++)
                all.Add(distances[i][j]);
        all.Sort();
        var median = all.Count == 0 ? 0 : all[all.Count / 2];
        if (median <= 0) // more than half of the rows are equal
            median = all.Count == 0 ? 0 : all.Average();
        return median <= 0 ? null : [.. distances.Select(row => row.Select(distance => Math.Exp(-distance / median)).ToArray())];
    }
}
