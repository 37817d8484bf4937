namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>A closed form in cross-validation on the pairs.</summary>
/// <param name="Method">Which.</param>
/// <param name="Score">Mean over the held-out pairs of ln(1 + training rows closer than the partner), both directions; lower is better.</param>
/// <param name="Difference">Mean of its scores minus the anchor's; 0 for the anchor.</param>
/// <param name="StandardError">Of the difference; 0 for the anchor.</param>
internal sealed record CandidateFigures(ClosedFormMethod Method, double Score, double Difference, double StandardError);

/// <summary>What cross-validation on the pairs found, and what it took.</summary>
/// <param name="Taken">The closed form that was fitted.</param>
/// <param name="Anchor">The one that is taken unless another is better by more than one standard error.</param>
/// <param name="Candidates">The anchor first; empty without cross-validation.</param>
/// <param name="Pairs">Held-out pairs that were scored.</param>
/// <param name="Folds">Folds of the pairs.</param>
/// <param name="RowsA">Unpaired rows of A in the folds.</param>
/// <param name="RowsB">Unpaired rows of B in the folds.</param>
/// <param name="Spectral">Mean score of the taken form with the spectral part; null where it was not tried.</param>
internal sealed record MethodChoice(
    ClosedFormMethod Taken, ClosedFormMethod Anchor, IReadOnlyList<CandidateFigures> Candidates, int Pairs, int Folds, long RowsA, long RowsB, double? Spectral)
{
    /// <summary>Takes the candidate of least score among those that are better than the anchor by more than one standard error, else the anchor.</summary>
    /// <param name="anchor">Scored first.</param>
    /// <param name="scores">The scores of each candidate, pair by pair; the anchor's among them.</param>
    public static (ClosedFormMethod Taken, IReadOnlyList<CandidateFigures> Candidates) Decide(
        ClosedFormMethod anchor, IReadOnlyDictionary<ClosedFormMethod, IReadOnlyList<double>> scores)
    {
        var own = scores[anchor];
        var figures = scores.OrderBy(candidate => candidate.Key != anchor).Select(candidate =>
        {
            var differences = candidate.Value.Zip(own, (score, anchored) => score - anchored).ToArray();
            var mean = differences.Average();
            var deviation = Math.Sqrt(differences.Sum(difference => (difference - mean) * (difference - mean)) / Math.Max(1, differences.Length - 1));
            return new CandidateFigures(candidate.Key, candidate.Value.Average(), mean, deviation / Math.Sqrt(differences.Length));
        }).ToArray();
        var better = figures.Where(candidate => candidate.Method != anchor && candidate.Difference < -candidate.StandardError).ToArray();
        return (own.Count < FewestPairs || better.Length == 0 ? anchor : better.MinBy(candidate => candidate.Difference)!.Method, figures);
    }

    private const int FewestPairs = 3;
}
