using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Chains for CDConv: walks in a ball that have a protein's number of neighbours.</summary>
internal static class MadeUpChains
{
    private const double StepLength = 3.8, BallPerCubeRoot = 4.2; // angstrom; a walk kept in such a ball has a protein's dozen neighbours

    /// <summary>The default network; training sees whole chains.</summary>
    public static CdConvOptions Options { get; } = new() { MaximumLength = int.MaxValue };

    /// <summary>So many chains of so many residues.</summary>
    public static Chain[] Walks(int count, int length)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => Walk(random, length))];
    }

    private static Chain Walk(Random random, int length)
    {
        var (coordinates, residues) = (new float[3 * length], new byte[length]);
        var ball = BallPerCubeRoot * Math.Cbrt(length);
        var (at, step) = (new double[3], new double[3]);
        for (var i = 0; i < length; i++)
        {
            var outside = at.Sum(value => value * value) > ball * ball;
            for (var c = 0; c < 3; c++)
                step[c] = random.NextDouble() - 0.5 + 0.5 * step[c] - (outside ? at[c] / ball : 0);
            var size = Math.Sqrt(step.Sum(value => value * value));
            for (var c = 0; c < 3; c++)
            {
                step[c] /= size;
                coordinates[3 * i + c] = (float)(at[c] += StepLength * step[c]);
            }
            residues[i] = (byte)random.Next(20);
        }
        return new Chain(coordinates, residues);
    }
}
