using System.Globalization;
using Experiments.Configuration;

namespace Experiments.Running;

/// <summary>One entry of the matrix.</summary>
/// <param name="Validation">Whether it is measured on validation rows, not on test rows.</param>
/// <param name="Data">Data set.</param>
/// <param name="Method">Method.</param>
/// <param name="Candidate">Number of the method's candidate, or null.</param>
/// <param name="Pairs">Pairs as the configuration writes them.</param>
/// <param name="Unpaired">What the unpaired rows are.</param>
/// <param name="UnpairedRows">Unpaired rows of each side as the configuration writes them.</param>
/// <param name="Seed">Seed of the rows, the weights and the batches.</param>
internal sealed record CellKey(bool Validation, string Data, string Method, int? Candidate, string Pairs, UnpairedRows Unpaired, string UnpairedRows, int Seed)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(Validation ? "validation " : "")}{Data}, {Method}{(Candidate is { } number ? $" (candidate {number})" : "")}, {Pairs} pairs, {UnpairedRows} "
            + $"unpaired {Unpaired.ToString().ToLowerInvariant()}, seed {Seed}");
}

/// <summary>A cell that has been computed.</summary>
/// <param name="Key">Which one.</param>
/// <param name="Hash">Of every setting and of the data.</param>
/// <param name="Build">Identity of the library's build.</param>
/// <param name="PairCount">Pairs it learnt from.</param>
/// <param name="UnpairedA">Unpaired rows of A.</param>
/// <param name="UnpairedB">Unpaired rows of B.</param>
/// <param name="Steps">Training steps, 0 for a closed form.</param>
/// <param name="PairPresentations">Pairs in all batches together.</param>
/// <param name="FitSeconds">Time of the fit.</param>
/// <param name="Figures">Shares from 0 to 1, by name.</param>
/// <param name="Time">Of the fit and the measurement; null in cells of a version that did not record it.</param>
internal sealed record CellResult(
    CellKey Key, string Hash, string Build, int PairCount, int UnpairedA, int UnpairedB, int Steps, long PairPresentations, double FitSeconds,
        IReadOnlyDictionary<string, double> Figures,
    ComputingTime? Time = null);
