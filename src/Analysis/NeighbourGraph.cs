namespace Microsoft.ML.GentleClip.Analysis;

/// <summary>Nearest neighbours among rows, the row itself left out; of equal distances the first row.</summary>
internal static class NeighbourGraph
{
    private const int MostNeighbours = 10;

    /// <summary>Neighbours looked at among this many rows: 10, or a quarter of the others where they are few.</summary>
    public static int Neighbours(int rows) => Math.Clamp((rows - 1) / 4, 1, MostNeighbours);

    /// <summary>Numbers of the nearest rows of each row.</summary>
    public static int[][] Of(double[][] distances, int neighbours, CancellationToken cancellationToken)
    {
        var nearest = new int[distances.Length][];
        Parallel.For(0, nearest.Length, new ParallelOptions { CancellationToken = cancellationToken }, i =>
        {
            var others = new (double Distance, int Number)[distances.Length - 1];
            for (var j = 0; j < others.Length; j++)
                others[j] = (distances[i][j < i ? j : j + 1], j < i ? j : j + 1);
            Array.Sort(others);
            nearest[i] = [.. others.Take(neighbours).Select(other => other.Number)];
        });
        return nearest;
    }

    /// <summary>Mean share of a row's neighbours that two graphs have in common.</summary>
    public static double Overlap(int[][] a, int[][] b) => a.Zip(b, (x, y) => x.Intersect(y).Count() / (double)x.Length).Average();

    /// <summary>
    /// Skewness of how often a row is among the neighbours of others: above about 1 some rows are near to everything. Null where all are
    /// equally often.
    /// </summary>
    public static double? Hubness(int[][] nearest)
    {
        var counts = new double[nearest.Length];
        foreach (var numbers in nearest)
            foreach (var number in numbers)
                counts[number]++;
        var mean = counts.Average();
        var variance = counts.Average(count => (count - mean) * (count - mean));
        return variance > 0 ? counts.Average(count => Math.Pow(count - mean, 3)) / Math.Pow(variance, 1.5) : null;
    }
}
