using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

/// <summary>Made-up protein chains.</summary>
internal static class CdConvChains
{
    /// <summary>A walk of 3.8 angstrom a step that is pulled back towards a ball of a protein's density.</summary>
    public static Chain Random(Random random, int length)
    {
        var (coordinates, residues) = (new float[3 * length], new byte[length]);
        random.NextBytes(residues);
        var ball = 3 * Math.Cbrt(length);
        Span<double> at = stackalloc double[3];
        Span<double> step = stackalloc double[3];
        for (var i = 0; i < length; i++)
        {
            var (far, size) = (at[0] * at[0] + at[1] * at[1] + at[2] * at[2] > ball * ball, 0.0);
            for (var c = 0; c < 3; c++)
            {
                step[c] = random.NextDouble() - 0.5 + 0.5 * step[c] - (far ? at[c] / ball : 0);
                size += step[c] * step[c];
            }
            for (var c = 0; c < 3; c++)
            {
                step[c] /= Math.Sqrt(size);
                coordinates[3 * i + c] = (float)(at[c] += 3.8 * step[c]);
            }
            residues[i] %= 20;
        }
        return new Chain(coordinates, residues);
    }

    /// <summary>Rotated by three angles and moved.</summary>
    public static Chain Moved(Chain chain, double a, double b, double c, params double[] by)
    {
        var moved = new float[3 * chain.Length];
        var (sa, ca) = Math.SinCos(a);
        var (sb, cb) = Math.SinCos(b);
        var (sc, cc) = Math.SinCos(c);
        for (var i = 0; i < chain.Length; i++)
        {
            double x = chain.Coordinates.Span[3 * i], y = chain.Coordinates.Span[3 * i + 1], z = chain.Coordinates.Span[3 * i + 2];
            (x, y) = (ca * x - sa * y, sa * x + ca * y);
            (y, z) = (cb * y - sb * z, sb * y + cb * z);
            (x, z) = (cc * x - sc * z, sc * x + cc * z);
            (moved[3 * i], moved[3 * i + 1], moved[3 * i + 2]) = ((float)(x + by[0]), (float)(y + by[1]), (float)(z + by[2]));
        }
        return new Chain(moved, chain.Residues);
    }
}
