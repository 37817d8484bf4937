using System.Globalization;
using Experiments.Configuration;

namespace Experiments.Running;

/// <summary>Chooses the candidate of each method that has some: the one with the best mean recall@10 over all its validation cells.</summary>
internal sealed record Tuning(IReadOnlyDictionary<string, int> Chosen, IReadOnlyList<string> Notes)
{
    /// <summary>The first of equals. A method of which a candidate has failed cells takes part with the others.</summary>
    public static Tuning Choose(ExperimentConfig config, IReadOnlyList<CellResult> cells)
    {
        var (chosen, notes) = (new Dictionary<string, int>(), new List<string>());
        foreach (var method in config.Methods.Where(method => method.Candidates.Count > 0))
        {
            var own = cells.Where(cell => cell.Key.Method == method.Name).ToLookup(cell => cell.Key.Candidate!.Value);
            var complete = own.Count == 0 ? 0 : own.Max(candidate => candidate.Count());
            (int Number, double Mean)[] scores = [.. own.Where(candidate => candidate.Count() == complete).OrderBy(candidate => candidate.Key)
                .Select(candidate => (candidate.Key, candidate.Average(cell => cell.Figures[Figures.RecallAt10])))];
            if (scores.Length == 0)
                throw new InvalidDataException($"No candidate of method \"{method.Name}\" could be computed.");
            var best = scores.MaxBy(score => score.Mean).Number;
            chosen[method.Name] = best;
            notes.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{method.Name}: of {method.Candidates.Count} candidates the validation seeds {string.Join(", ", config.ValidationSeeds)} chose "
                    + $"`{method.Candidates[best]}` "
                    + $"({string.Join("; ", scores.Select(score => $"`{method.Candidates[score.Number]}` {100 * score.Mean:f1}"))} R@10, on rows "
                    + $"apart from the test rows)."));
        }

        return new Tuning(chosen, notes);
    }
}
