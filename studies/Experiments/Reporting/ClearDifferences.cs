namespace Experiments.Reporting;

/// <summary>How often a method is clearly above and below the baseline: settings x figures whose mean difference is beyond two standard errors.</summary>
internal sealed record ClearDifferences(int Better, int Worse, int Comparisons)
{
    private const double StandardErrors = 2;

    /// <summary>Counts over settings that share at least two seeds with the baseline.</summary>
    public static ClearDifferences Of(IEnumerable<MethodCells> settings, ResultTable results, IReadOnlyCollection<string> figures)
    {
        var counts = new ClearDifferences(0, 0, 0);
        foreach (var setting in settings)
            if (results.BaselineOf(setting) is { } baseline && !ReferenceEquals(baseline, setting))
                foreach (var figure in figures)
                    if (Summary.Of(Comparison.Paired(setting, baseline, figure)) is { Deviation: { } deviation } difference)
                    {
                        var error = StandardErrors * deviation / Math.Sqrt(difference.Count);
                        counts = new ClearDifferences(
                            counts.Better + (difference.Mean > error ? 1 : 0), counts.Worse + (difference.Mean < -error ? 1 : 0), counts.Comparisons + 1);
                    }

        return counts;
    }
}
