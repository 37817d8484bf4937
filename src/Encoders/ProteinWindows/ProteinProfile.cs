using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// A fixed number of statistics of a protein sequence: shares of the residues, of pairs of residue groups up to a helix turn apart, periods of
/// physico-chemical properties along the chain, and how high windows of them and their hydrophobic moments rise. Its length is none of them.
/// </summary>
internal static class ProteinProfile
{
    /// <summary>How many.</summary>
    public const int Count = Letters + Lags * GroupCount * GroupCount + PropertyCount * Periods + 3 * SignalBins + 2 * MomentBins;

    private const int Letters = 20, Lags = 4, GroupCount = 8, PropertyCount = 5, Periods = 12, SignalBins = 10, MomentBins = 8, Window = 9;
    private const string Residues = "ACDEFGHIKLMNPQRSTVWY", Esm2Residues = "LAGVSERTIDPKQNFYMHWC";

    // Small, with cysteine; aliphatic; aromatic; polar; positive; negative; glycine; proline.
    private static readonly string[] Groups = ["ACST", "ILMV", "FWY", "HNQ", "KR", "DE", "G", "P"];

    // In the order of Residues: hydropathy (Kyte and Doolittle 1982), charge at pH 7, side-chain volume in cubic angstrom (Zamyatnin 1972), propensities for
    // helix and strand (Chou and Fasman 1978); each with mean 0 and variance 1 over the twenty.
    private static readonly double[][] Properties = Array.ConvertAll<double[], double[]>(
    [
        [1.8, 2.5, -3.5, -3.5, 2.8, -0.4, -3.2, 4.5, -3.9, 3.8, 1.9, -3.5, -1.6, -3.5, -4.5, -0.8, -0.7, 4.2, -0.9, -1.3],
        [0, 0, -1, -1, 0, 0, 0.1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
        [88.6, 108.5, 111.1, 138.4, 189.9, 60.1, 153.2, 166.7, 168.6, 166.7, 162.9, 114.1, 112.7, 143.8, 173.4, 89.0, 116.1, 140.0, 227.8, 193.6],
        [1.42, 0.70, 1.01, 1.51, 1.13, 0.57, 1.00, 1.08, 1.16, 1.21, 1.45, 0.67, 0.57, 1.11, 0.98, 0.77, 0.83, 1.06, 1.08, 0.69],
        [0.83, 1.19, 0.54, 0.37, 1.38, 0.75, 0.87, 1.60, 0.74, 1.30, 1.05, 0.89, 0.55, 1.10, 0.93, 0.75, 1.19, 1.70, 1.37, 1.47],
    ], Standardised);

    private static readonly int[] Signals = [0, 3, 4]; // hydropathy, helix, strand
    private static readonly double[] SignalEdges = [-0.8, -0.5, -0.3, -0.15, 0, 0.15, 0.3, 0.5, 0.8];
    private static readonly double[] MomentEdges = [0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8];
    private static readonly double[] Turns = [100 * Math.PI / 180, 170 * Math.PI / 180]; // a residue of a helix, of a strand

    // By ESM-2's tokens, of which the letters begin at 4: the residue's number and group, or -1 for all that is no standard residue.
    private static readonly int[] ResidueOf = [.. Enumerable.Range(0, Esm2Alphabet.Count).Select(token => token - 4 is >= 0 and < Letters and var letter
        ? Residues.IndexOf(Esm2Residues[letter], StringComparison.Ordinal) : -1)];

    private static readonly int[] GroupOf = Array.ConvertAll(
        ResidueOf, residue => residue < 0 ? -1 : Array.FindIndex(Groups, group => group.Contains(Residues[residue], StringComparison.Ordinal)));

    /// <summary>The statistics of a sequence. Letters that are no standard residue are in no pair, and have the mean of every property.</summary>
    /// <param name="tokens">Of ESM-2's alphabet, without beginning and end; one or more.</param>
    /// <param name="profile">Receives them, <c>[Count]</c>.</param>
    public static void Compute(ReadOnlySpan<byte> tokens, Span<float> profile)
    {
        profile.Clear();
        var at = Shares(tokens, profile);
        Span<double> track = new double[tokens.Length];
        for (var property = 0; property < PropertyCount; property++)
        {
            Fill(track, tokens, property);
            for (var lag = 1; lag <= Periods; lag++, at++)
                profile[at] = (float)Correlation(track, lag);
        }
        foreach (var property in Signals)
        {
            Fill(track, tokens, property);
            for (var start = 0; start + Window <= track.Length; start++)
                AddTo(profile.Slice(at, SignalBins), SignalEdges, Mean(track.Slice(start, Window)), track.Length - Window + 1);
            at += SignalBins;
        }
        Fill(track, tokens, property: 0);
        foreach (var turn in Turns)
        {
            for (var start = 0; start + Window <= track.Length; start++)
                AddTo(profile.Slice(at, MomentBins), MomentEdges, Moment(track.Slice(start, Window), turn), track.Length - Window + 1);
            at += MomentBins;
        }
    }

    private static int Shares(ReadOnlySpan<byte> tokens, Span<float> profile)
    {
        var known = 0;
        foreach (var token in tokens)
            known += ResidueOf[token] >= 0 ? 1 : 0;
        foreach (var token in tokens)
            if (ResidueOf[token] is >= 0 and var residue)
                profile[residue] += 1f / known;
        var at = Letters;
        for (var lag = 1; lag <= Lags; lag++, at += GroupCount * GroupCount)
        {
            var pairs = 0;
            for (var i = 0; i + lag < tokens.Length; i++)
                pairs += GroupOf[tokens[i]] >= 0 && GroupOf[tokens[i + lag]] >= 0 ? 1 : 0;
            for (var i = 0; i + lag < tokens.Length; i++)
                if (GroupOf[tokens[i]] is >= 0 and var first && GroupOf[tokens[i + lag]] is >= 0 and var second)
                    profile[at + first * GroupCount + second] += 1f / pairs;
        }
        return at;
    }

    private static void Fill(Span<double> track, ReadOnlySpan<byte> tokens, int property)
    {
        for (var i = 0; i < track.Length; i++)
            track[i] = ResidueOf[tokens[i]] is >= 0 and var residue ? Properties[property][residue] : 0;
    }

    private static double Correlation(ReadOnlySpan<double> track, int lag)
    {
        var sum = 0.0;
        for (var i = 0; i + lag < track.Length; i++)
            sum += track[i] * track[i + lag];
        return track.Length > lag ? sum / (track.Length - lag) : 0;
    }

    private static double Mean(ReadOnlySpan<double> window)
    {
        var sum = 0.0;
        foreach (var value in window)
            sum += value;
        return sum / window.Length;
    }

    // The hydrophobic moment (Eisenberg 1984): how strongly a property gathers on one side of a helix or strand.
    private static double Moment(ReadOnlySpan<double> window, double turn)
    {
        var (x, y, mean) = (0.0, 0.0, Mean(window));
        for (var i = 0; i < window.Length; i++)
        {
            var (sine, cosine) = Math.SinCos(i * turn);
            (x, y) = (x + (window[i] - mean) * cosine, y + (window[i] - mean) * sine);
        }
        return Math.Sqrt(x * x + y * y) / window.Length;
    }

    private static void AddTo(Span<float> bins, double[] edges, double value, int of)
    {
        var bin = 0;
        while (bin < edges.Length && value >= edges[bin])
            bin++;
        bins[bin] += 1f / of;
    }

    private static double[] Standardised(double[] values)
    {
        var mean = values.Average();
        var deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
        return Array.ConvertAll(values, value => (value - mean) / deviation);
    }
}
