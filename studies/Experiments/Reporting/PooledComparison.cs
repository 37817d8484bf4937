namespace Experiments.Reporting;

/// <summary>A method over several settings (data sets, numbers of pairs).</summary>
/// <param name="Difference">Mean and deviation over the settings of the mean difference to the baseline.</param>
/// <param name="SettingsBetter">Share of the settings whose mean is above the baseline's.</param>
/// <param name="SeedsBetter">Share of all seeds of all settings.</param>
/// <param name="GapsRecovered">For each ceiling the sum of the gains over the sum of the gaps: a small gap does not weigh more than a large one.</param>
internal sealed record PooledComparison(Summary? Difference, double? SettingsBetter, double? SeedsBetter, IReadOnlyList<double?> GapsRecovered)
{
    public static PooledComparison Of(IEnumerable<MethodCells> settings, ResultTable results, string figure)
    {
        var ceilings = results.Ceilings;
        var (means, seeds, gains, gaps) = (new List<double>(), new List<double>(), new double[ceilings.Count], new double[ceilings.Count]);
        foreach (var setting in settings)
        {
            if (results.BaselineOf(setting) is not { } baseline || ReferenceEquals(baseline, setting))
                continue;
            double[] differences = [.. Comparison.Paired(setting, baseline, figure)];
            if (differences.Length == 0)
                continue;
            means.Add(differences.Average());
            seeds.AddRange(differences);
            for (int i = 0; i < ceilings.Count; i++)
                if (Comparison.Gap(setting, baseline, results.CeilingOf(setting, ceilings[i]), figure) is { } part)
                    (gains[i], gaps[i]) = (gains[i] + part.Gain, gaps[i] + part.Gap);
        }

        return means.Count == 0
            ? new PooledComparison(null, null, null, new double?[ceilings.Count])
            : new PooledComparison(Summary.Of(means), Share(means), Share(seeds),
                [.. gains.Zip(gaps, (gain, gap) => gap > 0 ? gain / gap : (double?)null)]);
    }

    private static double Share(List<double> differences) => differences.Count(value => value > 0) / (double)differences.Count;
}
