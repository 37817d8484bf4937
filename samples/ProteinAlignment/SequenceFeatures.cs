namespace ProteinAlignment;

/// <summary>
/// A fixed-size description of a protein sequence: composition, pairs of residue groups at lags 1 to 4 (one helix turn),
/// periodicity of physical properties, and how strong the local signals for helix and strand get along the chain.
/// </summary>
/// <remarks>The length of the chain is left out on purpose: the structure has the same, and matching lengths is not what is shown here.</remarks>
internal static class SequenceFeatures
{
    private const string Residues = "ACDEFGHIKLMNPQRSTVWY";
    private const int PairLags = 4;
    private const int Lags = 12;
    private const int Window = 9;

    // Residue groups: small, aliphatic, aromatic, polar, positive, negative, glycine, proline; C with the small ones.
    private static readonly string[] Groups = ["ACST", "ILMV", "FWY", "HNQ", "KR", "DE", "G", "P"];

    // One row per property, columns in the order of Residues: hydropathy (Kyte and Doolittle 1982), charge at pH 7,
    // side-chain volume in cubic angstrom (Zamyatnin 1972), propensities for helix and strand (Chou and Fasman 1978).
    private static readonly double[][] Properties = Array.ConvertAll<double[], double[]>(
    [
        [1.8, 2.5, -3.5, -3.5, 2.8, -0.4, -3.2, 4.5, -3.9, 3.8, 1.9, -3.5, -1.6, -3.5, -4.5, -0.8, -0.7, 4.2, -0.9, -1.3],
        [0, 0, -1, -1, 0, 0, 0.1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
        [88.6, 108.5, 111.1, 138.4, 189.9, 60.1, 153.2, 166.7, 168.6, 166.7, 162.9, 114.1, 112.7, 143.8, 173.4, 89.0, 116.1, 140.0, 227.8, 193.6],
        [1.42, 0.70, 1.01, 1.51, 1.13, 0.57, 1.00, 1.08, 1.16, 1.21, 1.45, 0.67, 0.57, 1.11, 0.98, 0.77, 0.83, 1.06, 1.08, 0.69],
        [0.83, 1.19, 0.54, 0.37, 1.38, 0.75, 0.87, 1.60, 0.74, 1.30, 1.05, 0.89, 0.55, 1.10, 0.93, 0.75, 1.19, 1.70, 1.37, 1.47],
    ], Standardise);

    // Bin edges of the windowed signals, in units of the standardised property.
    private static readonly double[] SignalEdges = [-0.8, -0.5, -0.3, -0.15, 0, 0.15, 0.3, 0.5, 0.8];
    private static readonly double[] MomentEdges = [0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8];

    public static float[] Compute(string sequence)
    {
        int[] residues = [.. sequence.Select(letter => Residues.IndexOf(letter, StringComparison.Ordinal))];
        int[] groups = [.. sequence.Select(letter => Array.FindIndex(Groups, group => group.Contains(letter)))];
        var features = new List<double>();

        features.AddRange(Histogram.OfIndices(residues, Residues.Length));
        for (int lag = 1; lag <= PairLags; lag++)
            features.AddRange(Histogram.OfIndices(groups.Zip(groups.Skip(lag), (first, second) => first * Groups.Length + second),
                Groups.Length * Groups.Length));

        double[][] tracks = Array.ConvertAll(Properties, property => Array.ConvertAll(residues, residue => property[residue]));
        foreach (double[] track in tracks)
            for (int lag = 1; lag <= Lags; lag++)
                features.Add(Enumerable.Range(0, track.Length - lag).Average(i => track[i] * track[i + lag]));

        foreach (double[] track in (double[][])[tracks[0], tracks[3], tracks[4]])
            features.AddRange(Histogram.Of(Windows(track).Select(window => window.Average()), SignalEdges));
        foreach (double degrees in (double[])[100, 170]) // a turn per residue in helices and in strands
            features.AddRange(Histogram.Of(Windows(tracks[0]).Select(window => Moment(window, degrees)), MomentEdges));

        return [.. features.Select(value => (float)value)];
    }

    // The hydrophobic moment (Eisenberg 1984): how strongly the property gathers on one side of a helix or strand.
    private static double Moment(ArraySegment<double> window, double degrees)
    {
        double x = 0, y = 0, mean = window.Average();
        for (int i = 0; i < window.Count; i++)
        {
            var (sine, cosine) = Math.SinCos(i * degrees * Math.PI / 180);
            (x, y) = (x + (window[i] - mean) * cosine, y + (window[i] - mean) * sine);
        }

        return Math.Sqrt(x * x + y * y) / window.Count;
    }

    private static IEnumerable<ArraySegment<double>> Windows(double[] track)
    {
        for (int start = 0; start + Window <= track.Length; start++)
            yield return new ArraySegment<double>(track, start, Window);
    }

    private static double[] Standardise(double[] values)
    {
        double mean = values.Average(), deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
        return Array.ConvertAll(values, value => (value - mean) / deviation);
    }
}
