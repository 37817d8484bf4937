using Experiments.Configuration;
using Experiments.Running;

namespace Experiments.Reporting;

/// <summary>A method in one setting: all its seeds.</summary>
/// <param name="Data">Data set.</param>
/// <param name="Pairs">Pairs as configured; "all" for a ceiling.</param>
/// <param name="UnpairedRows">Unpaired rows as configured.</param>
/// <param name="Method">Method.</param>
/// <param name="Unpaired">What the unpaired rows are.</param>
/// <param name="Cells">A cell a seed.</param>
internal sealed record MethodCells(string Data, string Pairs, string UnpairedRows, string Method, UnpairedRows Unpaired, IReadOnlyList<CellResult> Cells)
{
    /// <summary>Name in tables; a control says that it is one.</summary>
    public string Label => Unpaired switch
    {
        Configuration.UnpairedRows.Real => Method,
        Configuration.UnpairedRows.None when Pairs == RowCount.All.Text => Method,
        Configuration.UnpairedRows.None => $"{Method}, no unpaired rows",
        _ => $"{Method}, {Unpaired.ToString().ToLowerInvariant()} rows",
    };

    public IEnumerable<double> Values(string figure) => Cells.Where(cell => cell.Figures.ContainsKey(figure)).Select(cell => cell.Figures[figure]);
}

/// <summary>A figure of a method beside the baseline and the ceiling, seed by seed.</summary>
/// <param name="Value">The figure.</param>
/// <param name="Difference">Paired difference to the baseline; null for the baseline itself and where no seed is shared.</param>
/// <param name="ShareBetter">Share of the shared seeds in which the method is above the baseline; a tie is not.</param>
/// <param name="GapsRecovered">For each ceiling (method - baseline) / (ceiling - baseline) of the means over the shared seeds; null without a gap.</param>
internal sealed record Comparison(Summary Value, Summary? Difference, double? ShareBetter, IReadOnlyList<double?> GapsRecovered)
{
    /// <summary>A gap below one point divides noise by noise.</summary>
    public const double SmallestGap = 0.01;

    /// <summary>Compares; null where the method has no such figure.</summary>
    public static Comparison? Of(MethodCells method, MethodCells? baseline, IReadOnlyList<MethodCells?> ceilings, string figure)
    {
        var none = new double?[ceilings.Count];
        if (Summary.Of(method.Values(figure)) is not { } value)
            return null;
        if (baseline is null || ReferenceEquals(method, baseline))
            return new Comparison(value, null, null, none);
        double[] differences = [.. Paired(method, baseline, figure)];
        if (Summary.Of(differences) is not { } difference)
            return new Comparison(value, null, null, none);
        return new Comparison(value, difference, differences.Count(entry => entry > 0) / (double)differences.Length,
            [.. ceilings.Select(ceiling => Gap(method, baseline, ceiling, figure) is { } gap ? gap.Gain / gap.Gap : (double?)null)]);
    }

    /// <summary>Differences over the seeds that both have.</summary>
    public static IEnumerable<double> Paired(MethodCells method, MethodCells other, string figure) =>
        from cell in method.Cells
        join rival in other.Cells on cell.Key.Seed equals rival.Key.Seed
        where cell.Figures.ContainsKey(figure) && rival.Figures.ContainsKey(figure)
        select cell.Figures[figure] - rival.Figures[figure];

    /// <summary>Mean gain of the method and mean gap to the ceiling, over the seeds that all three have; null where the gap is below a point.</summary>
    public static (double Gain, double Gap)? Gap(MethodCells method, MethodCells baseline, MethodCells? ceiling, string figure)
    {
        if (ceiling is null)
            return null;
        int[] seeds =
            [.. method.Cells.Concat(baseline.Cells).Concat(ceiling.Cells).Where(cell => cell.Figures.ContainsKey(figure)).CountBy(cell => cell.Key.Seed)
                .Where(entry => entry.Value == 3).Select(entry => entry.Key)];
        if (seeds.Length == 0)
            return null;
        var (own, low, high) = (Mean(method), Mean(baseline), Mean(ceiling));
        return high - low >= SmallestGap ? (own - low, high - low) : null;

        double Mean(MethodCells cells) => cells.Cells.Where(cell => seeds.Contains(cell.Key.Seed)).Average(cell => cell.Figures[figure]);
    }
}
