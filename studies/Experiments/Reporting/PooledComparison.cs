namespace Experiments.Reporting;

/// <summary>A method over several settings (data sets, numbers of pairs).</summary>
/// <param name="Difference">Mean and deviation over the settings of the mean difference to the baseline.</param>
/// <param name="SettingsBetter">Share of the settings whose mean is above the baseline's.</param>
/// <param name="SeedsBetter">Share of all seeds of all settings.</param>
/// <param name="GapRecovered">Sum of the gains over the sum of the gaps, so that a small gap does not weigh more than a large one.</param>
internal sealed record PooledComparison(Summary? Difference, double? SettingsBetter, double? SeedsBetter, double? GapRecovered)
{
    public static PooledComparison Of(IEnumerable<MethodCells> settings, ResultTable results, string figure)
    {
        var (means, seeds, gain, gap) = (new List<double>(), new List<double>(), 0d, 0d);
        foreach (var setting in settings)
        {
            if (results.BaselineOf(setting) is not { } baseline || ReferenceEquals(baseline, setting))
                continue;
            double[] differences = [.. Comparison.Paired(setting, baseline, figure)];
            if (differences.Length == 0)
                continue;
            means.Add(differences.Average());
            seeds.AddRange(differences);
            if (Comparison.Gap(setting, baseline, results.CeilingOf(setting), figure) is { } part)
                (gain, gap) = (gain + part.Gain, gap + part.Gap);
        }

        return means.Count == 0
            ? new PooledComparison(null, null, null, null)
            : new PooledComparison(Summary.Of(means), Share(means), Share(seeds), gap > 0 ? gain / gap : null);
    }

    private static double Share(List<double> differences) => differences.Count(value => value > 0) / (double)differences.Count;
}
