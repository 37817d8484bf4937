namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Local coordinate systems along a chain.</summary>
internal static class CdConvFrames
{
    /// <summary>
    /// With u_k from residue k to k + 1 and every vector at unit length (a zero vector stays zero), residue i has the rows
    /// b = u_{i-1} - u_i, n = u_{i-1} x u_i, o = b x n. The ends copy their neighbours; a chain of less than three residues has no frames: all zeros.
    /// </summary>
    /// <param name="positions">One chain, <c>[residues * 3]</c>.</param>
    /// <param name="frames">Filled, <c>[residues * 9]</c>.</param>
    public static void Compute(ReadOnlySpan<double> positions, Span<double> frames)
    {
        var count = positions.Length / 3;
        frames.Clear();
        if (count < 3)
            return;
        Span<double> before = stackalloc double[3];
        Span<double> after = stackalloc double[3];
        Step(positions, 0, before);
        for (var i = 1; i < count - 1; i++)
        {
            Step(positions, i, after);
            var frame = frames.Slice(9 * i, 9);
            Span<double> b = frame[..3], n = frame.Slice(3, 3), o = frame[6..];
            for (var c = 0; c < 3; c++)
                b[c] = before[c] - after[c];
            Normalize(b);
            Cross(before, after, n);
            Normalize(n);
            Cross(b, n, o);
            Normalize(o);
            after.CopyTo(before);
        }
        frames.Slice(9, 9).CopyTo(frames);
        frames.Slice(9 * (count - 2), 9).CopyTo(frames[(9 * (count - 1))..]);
    }

    /// <summary>Scales a vector to unit length; one of length up to <paramref name="smallest"/> is divided by that, so zero stays zero.</summary>
    public static void Normalize(Span<double> vector, double smallest = double.Epsilon)
    {
        var length = Math.Max(Math.Sqrt(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2]), smallest);
        for (var c = 0; c < 3; c++)
            vector[c] /= length;
    }

    private static void Step(ReadOnlySpan<double> positions, int from, Span<double> step)
    {
        for (var c = 0; c < 3; c++)
            step[c] = positions[3 * from + 3 + c] - positions[3 * from + c];
        Normalize(step);
    }

    /// <summary>The vector product.</summary>
    public static void Cross(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> product)
    {
        product[0] = a[1] * b[2] - a[2] * b[1];
        product[1] = a[2] * b[0] - a[0] * b[2];
        product[2] = a[0] * b[1] - a[1] * b[0];
    }
}
