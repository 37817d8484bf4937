namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// The shape of a chain around each of its residues in numbers that no rotation and no shift changes: distances between alpha carbons near the residue, and
/// the pseudo-torsion of four of them, whose sine alone a mirror image turns round.
/// </summary>
internal static class LocalGeometry
{
    /// <summary>
    /// Numbers of a residue: the values, then for each of them but the sine, which goes with the cosine, 1 where it is known and 0 where not.
    /// </summary>
    public const int Count = 2 * Distances + 3;

    /// <summary>Successive alpha carbons farther apart than so many angstrom are not bound: residues between them are missing.</summary>
    public const double LongestBond = 4.5;

    private const int Distances = 4, Sine = Distances + 1, Known = Distances + 2;
    private const double SmallestArea = 1e-6; // square angstrom: four atoms in a line have no torsion

    // Ends of each distance relative to the residue, and about the mean and spread of it in folded chains, so that the numbers are of order 1.
    private static readonly (int From, int To, double Mean, double Spread)[] Spans =
        [(-1, 1, 6.0, 0.6), (-1, 2, 7.5, 2.0), (-2, 2, 9.2, 2.8), (-3, 3, 12.5, 3.9)];

    // Far outside of what chains have, such as coordinates in another unit, a number says no more than that.
    private const double Largest = 10;

    /// <summary>
    /// The numbers of all residues, <c>[residues * Count]</c>. One that needs residues beyond the chain's end or a gap is 0, its usual value, and not known.
    /// </summary>
    public static double[] Of(CdConvNodes nodes)
    {
        var numbers = new double[Count * nodes.Count];
        for (int start = 0, end; start < nodes.Count; start = end)
        {
            // A run without gap: what lies in one run is bound all the way.
            end = start + 1;
            while (end < nodes.Count && nodes.Chain[end] == nodes.Chain[start] && Distance(nodes, end - 1, end) <= LongestBond)
                end++;
            for (var i = start; i < end; i++)
                Describe(nodes, i, start, end, numbers.AsSpan(Count * i, Count));
        }
        return numbers;
    }

    private static void Describe(CdConvNodes nodes, int i, int start, int end, Span<double> numbers)
    {
        foreach (var (number, (from, to, mean, spread)) in Spans.Index())
        {
            if (i + from < start || i + to >= end)
                continue;
            numbers[number] = Math.Clamp((Distance(nodes, i + from, i + to) - mean) / spread, -Largest, Largest);
            numbers[Known + number] = 1;
        }
        if (i - 1 >= start && i + 2 < end && Torsion(nodes, i - 1) is var (cosine, sine))
            (numbers[Distances], numbers[Sine], numbers[Known + Distances]) = (cosine, sine, 1);
    }

    // Of four atoms from a given one on: the angle between the planes of the first three and of the last three, about the middle bond.
    private static (double Cosine, double Sine)? Torsion(CdConvNodes nodes, int first)
    {
        Span<double> a = stackalloc double[3], b = stackalloc double[3], c = stackalloc double[3], n = stackalloc double[3], m = stackalloc double[3];
        Step(nodes, first, a);
        Step(nodes, first + 1, b);
        Step(nodes, first + 2, c);
        CdConvFrames.Cross(a, b, n);
        CdConvFrames.Cross(b, c, m);
        var (lengths, axis) = (Math.Sqrt(Dot(n, n) * Dot(m, m)), Math.Sqrt(Dot(b, b)));
        if (lengths < SmallestArea || axis == 0)
            return null;
        CdConvFrames.Cross(n, m, a);
        return (Dot(n, m) / lengths, Dot(a, b) / axis / lengths);
    }

    private static double Distance(CdConvNodes nodes, int i, int j)
    {
        ReadOnlySpan<double> from = nodes.Positions.AsSpan(3 * i, 3), to = nodes.Positions.AsSpan(3 * j, 3);
        var (x, y, z) = (to[0] - from[0], to[1] - from[1], to[2] - from[2]);
        return Math.Sqrt(x * x + y * y + z * z);
    }

    private static void Step(CdConvNodes nodes, int from, Span<double> step)
    {
        for (var c = 0; c < 3; c++)
            step[c] = nodes.Positions[3 * from + 3 + c] - nodes.Positions[3 * from + c];
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
