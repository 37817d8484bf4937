using System.Numerics.Tensors;

namespace Experiments.Running;

/// <summary>Rows that take the place of the unpaired ones, to tell whether it is their content that helps.</summary>
internal static class UnpairedControl
{
    /// <summary>
    /// As many Gaussian rows with the mean and the covariance of the given ones: each is the mean plus their deviations, weighted by normal numbers.
    /// </summary>
    public static float[][] Gaussian(float[][] rows, int seed)
    {
        if (rows.Length == 0)
            return rows;
        var random = new Gaussians(seed);
        var mean = Mean(rows);
        float[][] deviations = Array.ConvertAll(rows, row => Subtract(row, mean));
        var scale = 1 / Math.Sqrt(rows.Length);
        return [.. rows.Select(_ =>
        {
            var made = (float[])mean.Clone();
            foreach (var deviation in deviations)
                TensorPrimitives.MultiplyAdd(deviation, (float)(scale * random.Next()), made, made);
            return made;
        })];
    }

    /// <summary>
    /// Rows of another data set in the place of the given ones: as many of them, or all there are. Each slot takes one of their slots, at random, with its mean
    /// and deviation brought to those of the real slot.
    /// </summary>
    public static float[][] Foreign(float[][] rows, float[][] foreign, int seed)
    {
        if (rows.Length == 0)
            return rows;
        var random = new Random(seed);
        float[][] chosen = (float[][])foreign.Clone();
        random.Shuffle(chosen);
        chosen = chosen[..Math.Min(rows.Length, chosen.Length)];
        var (mean, deviation) = (Mean(rows), Deviation(rows));
        var (foreignMean, foreignDeviation) = (Mean(chosen), Deviation(chosen));
        int[] varying = [.. Enumerable.Range(0, foreignMean.Length).Where(slot => foreignDeviation[slot] > 0)];
        random.Shuffle(varying);
        return Array.ConvertAll(chosen, row =>
        {
            var made = new float[mean.Length];
            for (var slot = 0; slot < made.Length; slot++)
            {
                var other = varying[slot % varying.Length];
                made[slot] = mean[slot] + deviation[slot] * (row[other] - foreignMean[other]) / foreignDeviation[other];
            }

            return made;
        });
    }

    private static float[] Mean(float[][] rows)
    {
        var mean = new float[rows[0].Length];
        foreach (var row in rows)
            TensorPrimitives.Add(mean, row, mean);
        TensorPrimitives.Divide(mean, rows.Length, mean);
        return mean;
    }

    private static float[] Deviation(float[][] rows)
    {
        var mean = Mean(rows);
        var sum = new float[mean.Length];
        foreach (var row in rows)
        {
            var deviation = Subtract(row, mean);
            TensorPrimitives.MultiplyAdd(deviation, deviation, sum, sum);
        }

        return Array.ConvertAll(sum, value => MathF.Sqrt(value / rows.Length));
    }

    private static float[] Subtract(float[] row, float[] other)
    {
        var difference = new float[row.Length];
        TensorPrimitives.Subtract(row, other, difference);
        return difference;
    }
}
