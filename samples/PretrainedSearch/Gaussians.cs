namespace PretrainedSearch;

/// <summary>The control for unpaired rows.</summary>
internal static class Gaussians
{
    /// <summary>As many rows of the mean and covariance of others, and of nothing else that they have.</summary>
    public static float[][] Like(float[][] rows, int seed)
    {
        var random = new Random(seed);
        int width = rows[0].Length;
        float[] mean = [.. Enumerable.Range(0, width).Select(slot => rows.Average(row => row[slot]))];
        return [.. rows.Select(_ =>
        {
            float[] made = [.. mean];
            foreach (float[] row in rows)
            {
                double weight = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()) / Math.Sqrt(rows.Length);
                for (int slot = 0; slot < width; slot++)
                    made[slot] += (float)(weight * (row[slot] - mean[slot]));
            }
            return made;
        })];
    }
}
