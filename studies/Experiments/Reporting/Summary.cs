namespace Experiments.Reporting;

/// <summary>Mean and standard deviation (n - 1) over seeds; no deviation for one value.</summary>
internal sealed record Summary(double Mean, double? Deviation, int Count)
{
    /// <summary>Null without values.</summary>
    public static Summary? Of(IEnumerable<double> values)
    {
        double[] all = [.. values];
        if (all.Length == 0)
            return null;
        var mean = all.Average();
        return new Summary(mean, all.Length > 1 ? Math.Sqrt(all.Sum(value => (value - mean) * (value - mean)) / (all.Length - 1)) : null, all.Length);
    }
}
