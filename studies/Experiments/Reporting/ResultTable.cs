using Experiments.Configuration;
using Experiments.Running;

namespace Experiments.Reporting;

/// <summary>The results, grouped by setting, with what each group is compared to.</summary>
internal sealed class ResultTable
{
    private readonly ExperimentConfig _config;

    public ResultTable(ExperimentConfig config, IReadOnlyList<CellResult> cells)
    {
        _config = config;
        Groups = [.. cells
            .GroupBy(cell => (cell.Key.Data, cell.Key.Pairs, cell.Key.UnpairedRows, cell.Key.Method, cell.Key.Unpaired))
            .Select(
                group => new MethodCells(group.Key.Data, group.Key.Pairs, group.Key.UnpairedRows, group.Key.Method, group.Key.Unpaired,
                    [.. group.OrderBy(cell => cell.Key.Seed)]))];
        Figures = [.. cells.SelectMany(cell => cell.Figures.Keys).Distinct()];
    }

    public IReadOnlyList<MethodCells> Groups { get; }

    public IReadOnlyList<string> Figures { get; }

    /// <summary>Methods that have all pairs.</summary>
    public IReadOnlyList<string> Ceilings => _config.Ceilings;

    public IEnumerable<string> DataSets => Groups.Select(group => group.Data).Distinct();

    /// <summary>Numbers of pairs, in the order of the configuration, without the ceilings'.</summary>
    public IEnumerable<string> Pairs => Groups.Where(group => !_config.Ceilings.Contains(group.Method)).Select(group => group.Pairs).Distinct()
        .OrderBy(pairs => _config.Pairs.Select(count => count.Text).ToList() is var order && order.IndexOf(pairs) is var at and >= 0 ? at : int.MaxValue);

    /// <summary>The methods of one table, in the order of the configuration: controls after their method, the ceilings in every table.</summary>
    public IReadOnlyList<MethodCells> Of(string data, string pairs) =>
    [
        .. Groups
            .Where(group => group.Data == data && (group.Pairs == pairs || _config.Ceilings.Contains(group.Method)))
            .OrderBy(group => _config.Methods.Select(method => method.Name).ToList().IndexOf(group.Method)).ThenBy(group => group.Unpaired),
    ];

    /// <summary>The baseline with the same pairs, and the same unpaired rows where there is one.</summary>
    public MethodCells? BaselineOf(MethodCells group)
    {
        MethodCells[] found = [.. Groups.Where(other => other.Method == _config.Baseline && other.Data == group.Data && other.Pairs == group.Pairs)];
        return found.FirstOrDefault(other => other.UnpairedRows == group.UnpairedRows && other.Unpaired is UnpairedRows.Real)
            ?? found.FirstOrDefault(other => other.Unpaired is UnpairedRows.Real) ?? found.FirstOrDefault();
    }

    /// <summary>A ceiling on the same data set.</summary>
    public MethodCells? CeilingOf(MethodCells group, string ceiling) => Groups.FirstOrDefault(other => other.Method == ceiling && other.Data == group.Data);

    public Comparison? Compare(MethodCells group, string figure) =>
        Comparison.Of(group, BaselineOf(group), [.. _config.Ceilings.Select(ceiling => CeilingOf(group, ceiling))], figure);

    /// <summary>The method itself, of which a group is a control.</summary>
    public MethodCells? RealOf(MethodCells control) => Groups.FirstOrDefault(group =>
        (group.Data, group.Pairs, group.UnpairedRows, group.Method, group.Unpaired)
            == (control.Data, control.Pairs, control.UnpairedRows, control.Method, UnpairedRows.Real));
}
