using System.Numerics;

namespace ProteinAlignment;

/// <summary>
/// A fixed-size description of a fold from its alpha-carbon trace alone: local shape (distances to the next residues, virtual
/// bond angles and torsions, runs of helix-like and strand-like shape) and packing (contacts, their range and direction, size).
/// Nothing depends on where the chain lies or how it is turned; mirror images differ.
/// </summary>
internal static class StructureFeatures
{
    private const double ContactDistance = 8; // angstrom
    private const int ContactSeparation = 3; // residues
    private const int TorsionBins = 15;

    // Edges in angstrom, degrees, residues and, for pair distances, radii of gyration.
    private static readonly double[] Distances2 = Histogram.Edges(4.9, 7.3, 14);
    private static readonly double[] Distances3 = Histogram.Edges(4.8, 10.4, 16);
    private static readonly double[] Distances4 = Histogram.Edges(5.0, 13.5, 18);
    private static readonly double[] Distances6 = Histogram.Edges(6.0, 20.0, 16);
    private static readonly double[] Angles = Histogram.Edges(87, 135, 6);
    private static readonly double[] Runs = [2, 4, 6, 8, 11, 15, 20, 28];
    private static readonly double[] Near = Histogram.Edges(0, 11, 12);
    private static readonly double[] Far = Histogram.Edges(4, 34, 12);
    private static readonly double[] Separations = [5, 8, 12, 18, 26, 40, 60, 100];
    private static readonly double[] PairDistances = Histogram.Edges(0.3, 3, 14);
    private static readonly double[] Cosines = Histogram.Edges(-0.8, 0.8, 10);

    public static float[] Compute(Vector3[] trace)
    {
        var features = new List<double>();
        AddLocalShape(trace, features);
        AddPacking(trace, features);
        return [.. features.Select(value => (float)value)];
    }

    private static void AddLocalShape(Vector3[] trace, List<double> features)
    {
        foreach (var (separation, edges) in ((int, double[])[])[(2, Distances2), (3, Distances3), (4, Distances4), (6, Distances6)])
            features.AddRange(
                Histogram.Of(Enumerable.Range(0, trace.Length - separation).Select(i => (double)Vector3.Distance(trace[i], trace[i + separation])), edges));

        (double Angle, double Torsion)[] shape = [.. Enumerable.Range(0, trace.Length - 3).Select(i => Shape(trace, i))];
        features.AddRange(Histogram.OfIndices(
            shape.Select(local => Histogram.Bin(local.Angle, Angles) * TorsionBins
                + Math.Min((int)((local.Torsion + 180) * TorsionBins / 360), TorsionBins - 1)),
            (Angles.Length + 1) * TorsionBins));

        // Helix-like near 50 degrees, strand-like near 190; the share of residues that lie in a run of each length.
        bool[] helix = Array.ConvertAll(shape, local => local is { Angle: > 80 and < 105, Torsion: > 25 and < 85 });
        bool[] strand = Array.ConvertAll(shape, local => local.Angle > 105 && Math.Abs(local.Torsion) > 125);
        foreach (bool[] state in (bool[][])[helix, strand])
            features.AddRange(Histogram.Of(RunLengths(state), Runs));
    }

    private static void AddPacking(Vector3[] trace, List<double> features)
    {
        int length = trace.Length;
        var near = new double[length];
        var far = new double[length];
        var separations = new List<double>();
        var distances = new List<double>();
        var (sheetAngles, packingAngles) = (new List<double>(), new List<double>());
        Vector3[] directions = [.. Enumerable.Range(0, length).Select(i => Vector3.Normalize(trace[Math.Min(i + 2, length - 1)] - trace[Math.Max(i - 2, 0)]))];

        for (int i = 0; i < length; i++)
            for (int j = i + ContactSeparation; j < length; j++)
            {
                double distance = Vector3.Distance(trace[i], trace[j]);
                distances.Add(distance);
                if (distance < ContactDistance)
                {
                    near[i]++;
                    near[j]++;
                    separations.Add(j - i);
                }

                if (distance < 1.5 * ContactDistance)
                {
                    far[i]++;
                    far[j]++;
                    if (j - i > 2 * ContactSeparation)
                        (distance < 6.5 ? sheetAngles : packingAngles).Add(Vector3.Dot(directions[i], directions[j]));
                }
            }

        double radius = Math.Sqrt(Gyration(trace));
        features.AddRange(Histogram.Of(near, Near));
        features.AddRange(Histogram.Of(far, Far));
        features.AddRange(Histogram.Of(separations, Separations));
        features.AddRange(Histogram.Of(distances.Select(distance => distance / radius), PairDistances));
        features.AddRange(Histogram.Of(sheetAngles, Cosines));
        features.AddRange(Histogram.Of(packingAngles, Cosines));

        features.Add(separations.DefaultIfEmpty().Average() / length); // relative contact order
        features.Add(separations.Count / (double)length);
        features.Add(sheetAngles.Count / (double)length);
        features.Add(radius / (2.2 * Math.Pow(length, 0.38))); // 1 for a typical globular chain of this length
    }

    // The virtual bond angle at the second and the torsion over the middle bond of four alpha carbons, in degrees.
    private static (double Angle, double Torsion) Shape(Vector3[] trace, int i)
    {
        Vector3 a = trace[i + 1] - trace[i], b = trace[i + 2] - trace[i + 1], c = trace[i + 3] - trace[i + 2];
        Vector3 first = Vector3.Cross(a, b), second = Vector3.Cross(b, c);
        double angle = 180 - Math.Atan2(first.Length(), Vector3.Dot(a, b)) * 180 / Math.PI;
        double torsion = Math.Atan2(b.Length() * Vector3.Dot(a, second), Vector3.Dot(first, second)) * 180 / Math.PI;
        return (angle, torsion);
    }

    // One entry per residue of a run, so that long runs weigh as much as the residues they hold; 0 outside of runs.
    private static IEnumerable<double> RunLengths(bool[] state)
    {
        for (int start = 0, end; start < state.Length; start = end)
        {
            for (end = start + 1; end < state.Length && state[end] == state[start]; end++)
            {
            }

            for (int i = start; i < end; i++)
                yield return state[start] ? end - start : 0;
        }
    }

    private static double Gyration(Vector3[] trace)
    {
        Vector3 centre = trace.Aggregate(Vector3.Zero, Vector3.Add) / trace.Length;
        return trace.Average(position => (double)Vector3.DistanceSquared(position, centre));
    }
}
