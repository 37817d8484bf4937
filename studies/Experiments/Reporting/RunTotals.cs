using System.Globalization;
using Experiments.Data;
using Experiments.Running;

namespace Experiments.Reporting;

/// <summary>What all results took together, whichever starts of the runner computed them.</summary>
/// <param name="Cells">Cells, those that chose settings included.</param>
/// <param name="Untimed">Cells of a version that did not time them.</param>
/// <param name="Time">Of the cells that are timed.</param>
/// <param name="Networks">Of the self-supervised networks; null where there are none.</param>
internal sealed record RunTotals(int Cells, int Untimed, ComputingTime Time, ComputingTime? Networks)
{
    private const int Cores = 2;

    public static RunTotals Of(IReadOnlyCollection<CellResult> cells, IEnumerable<TwoViewData> data)
    {
        ComputingTime[] networks = [.. data.Select(set => set.NetworkTime).OfType<ComputingTime>()];
        return new RunTotals(
            cells.Count, cells.Count(cell => cell.Time is null), Sum(cells.Select(cell => cell.Time).OfType<ComputingTime>()),
                networks.Length == 0 ? null : Sum(networks));
    }

    public override string ToString()
    {
        var all = Time + (Networks ?? default);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Cells} cells{(Networks is null ? "" : " and the networks of the features")}: {all.WallSeconds / 60:f1} min of wall time, "
                + $"{all.ProcessorSeconds / 60:f1} min of processor time ({all.ProcessorSeconds / 60 / Cores:f1} min on {Cores} cores){Details()}.");
    }

    private string Details() => string.Concat(
        Networks is { } networks ? FormattableString.Invariant($"; {networks.ProcessorSeconds / 60:f1} min of the processor time are the networks'") : "",
        Untimed > 0 ? FormattableString.Invariant($"; {Untimed} of the cells come from a version that did not time them, and are not in these sums") : "");

    private static ComputingTime Sum(IEnumerable<ComputingTime> times) => times.Aggregate(default(ComputingTime), (sum, time) => sum + time);
}
