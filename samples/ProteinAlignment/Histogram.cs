namespace ProteinAlignment;

/// <summary>Histograms as shares; the square root evens out the noise of rare and common bins (Hellinger).</summary>
internal static class Histogram
{
    /// <summary>Roots of the shares in the bins below, between and above the ascending edges: one more than edges. All zero without values.</summary>
    public static double[] Of(IEnumerable<double> values, double[] edges) =>
        OfIndices(values.Select(value => Bin(value, edges)), edges.Length + 1);

    /// <summary>Roots of the shares of each index from 0 to <paramref name="count"/> - 1.</summary>
    public static double[] OfIndices(IEnumerable<int> indices, int count)
    {
        var shares = new double[count];
        int total = 0;
        foreach (int index in indices)
        {
            shares[index]++;
            total++;
        }

        return Array.ConvertAll(shares, share => Math.Sqrt(share / Math.Max(total, 1)));
    }

    /// <summary>The number of edges at or below the value.</summary>
    public static int Bin(double value, double[] edges)
    {
        int bin = Array.BinarySearch(edges, value);
        return bin < 0 ? ~bin : bin + 1;
    }

    /// <summary><paramref name="bins"/> - 1 equally spaced inner edges of the range, ends included as edges of the outer bins.</summary>
    public static double[] Edges(double low, double high, int bins) =>
        [.. Enumerable.Range(0, bins - 1).Select(i => low + (high - low) * i / (bins - 2))];
}
