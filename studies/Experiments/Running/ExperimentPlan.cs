using Experiments.Configuration;
using Experiments.Data;

namespace Experiments.Running;

/// <summary>Lists the cells of a configuration.</summary>
internal sealed class ExperimentPlan(ExperimentConfig config, IReadOnlyDictionary<string, TwoViewData> data, UnpairedRows? forcedUnpaired)
{
    /// <summary>The cells that choose between candidates, on validation seeds and rows.</summary>
    public IEnumerable<PlannedCell> Tuning() =>
        from method in config.Methods
        where method.Candidates.Count > 0
        from candidate in Enumerable.Range(0, method.Candidates.Count)
        from cell in Cells(method, candidate, config.ValidationSeeds, validation: true, config.ValidationPairs, tuning: true)
        select cell;

    /// <summary>The matrix itself; <paramref name="chosen"/> has the candidate of each method that has some.</summary>
    public IEnumerable<PlannedCell> Matrix(bool validation, IReadOnlyDictionary<string, int> chosen) =>
        (from method in config.Methods
         from cell in Cells(method, chosen.TryGetValue(method.Name, out var candidate) ? candidate : null, validation ? config.ValidationSeeds : config.Seeds,
             validation, null, tuning: false)
         select cell)
        // Data set by data set, seed by seed: an interrupted run has whole comparisons.
        .OrderBy(cell => config.Data.Select(set => set.Name).ToList().IndexOf(cell.Key.Data)).ThenBy(cell => cell.Key.Seed);

    private IEnumerable<PlannedCell> Cells(MethodConfig method, int? candidate, IReadOnlyList<int> seeds, bool validation,
        IReadOnlyList<RowCount>? pairs, bool tuning)
    {
        var fitted = Methods.Methods.Create(config, method, candidate);
        var planned = new HashSet<CellKey>();
        foreach (var set in config.Data.Where(set => method.Data?.Contains(set.Name) ?? true))
            foreach (var seed in seeds)
            {
                var split = RowSplit.Create(data[set.Name], set.TestRows ?? config.TestRows, config.SplitSeed, seed, validation);
                foreach (var count in method.Pairs ?? pairs ?? config.Pairs)
                    foreach (var unpairedCount in tuning ? [RowCount.All] : method.UnpairedCounts ?? config.UnpairedCounts)
                        foreach (var kind in tuning ? [UnpairedRows.Real] : forcedUnpaired is { } forced ? [forced] : method.Unpaired)
                            if (Cell(set, split, count, unpairedCount, kind, seed) is { } cell && planned.Add(cell.Key))
                                yield return cell;
            }

        PlannedCell? Cell(DataConfig set, RowSplit split, RowCount count, RowCount unpairedCount, UnpairedRows kind, int seed)
        {
            var number = split.Pairs(count);
            if (number > split.Training.Length)
                throw new ConfigurationException(
                    $"{config.File}: pairs: data \"{set.Name}\" has {split.Training.Length} training rows with both sides, fewer than {number} pairs.");
            var all = split.Unpaired(number, RowCount.All);
            if (unpairedCount.Rows > Math.Min(all.A.Length, all.B.Length))
                return null; // A curve ends where a data set does.

            var rows = kind == UnpairedRows.None ? ([], []) : split.Unpaired(number, unpairedCount);
            if (rows.A.Length == 0 && rows.B.Length == 0)
                (kind, unpairedCount) = (UnpairedRows.None, RowCount.Of(0)); // one cell, whatever it would have been a control of
            if (kind == UnpairedRows.Foreign && set.Foreign is null)
                throw new ConfigurationException(
                    $"{config.File}: data \"{set.Name}\": foreign: the key is missing, and method \"{method.Name}\" asks for foreign rows.");
            if (ClassShares.Asks(kind))
            {
                var labels = data[set.Name].Labels ?? throw new ConfigurationException(
                    $"{config.File}: data \"{set.Name}\": labelColumn: the key is missing, "
                    + $"and method \"{method.Name}\" asks for {kind.ToString().ToLowerInvariant()} rows.");
                rows = ClassShares.Choose(kind, set.Name, rows.A, rows.B, labels, seed);
            }

            return new PlannedCell(
                new CellKey(validation, set.Name, method.Name, candidate, count.Text, kind, unpairedCount.Text, seed), fitted, set,
                    split, number, rows.A, rows.B);
        }
    }
}

/// <summary>A cell and the rows it is made of.</summary>
internal sealed record PlannedCell(CellKey Key, Methods.IMethod Method, DataConfig Data, RowSplit Split, int Pairs, int[] UnpairedA, int[] UnpairedB);
