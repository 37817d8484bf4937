using System.Globalization;
using System.Text.Json.Serialization;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// How the matched pairs chose between the closed forms (<see cref="ClosedFormMethod.Chosen"/>): each was fitted on some of the pairs and all unpaired
/// samples of the sample, and asked for the partners of the others. The anchor stays unless another form is better by more than one standard error; of
/// several the one with the lowest difference is taken. Scores are of the folds' smaller fits, not of the final one.
/// </summary>
/// <param name="Taken">The closed form that was fitted.</param>
/// <param name="Anchor"><see cref="ClosedFormMethod.Blend"/>, or <see cref="ClosedFormMethod.Linear"/> with <see cref="ClosedFormOptions.Strict"/>.</param>
/// <param name="Candidates">Their figures, the anchor's first.</param>
/// <param name="Pairs">Held-out pairs that were scored; with fewer than three the anchor stays.</param>
/// <param name="Folds">Folds of the pairs.</param>
/// <param name="UnpairedA">Unpaired samples of modality A in the folds.</param>
/// <param name="UnpairedB">Unpaired samples of modality B in the folds.</param>
public sealed record ClosedFormChoice(
    ClosedFormMethod Taken, ClosedFormMethod Anchor, IReadOnlyList<ClosedFormCandidate> Candidates, int Pairs, int Folds, long UnpairedA, long UnpairedB)
{
    /// <summary>Why, in a sentence.</summary>
    [JsonIgnore]
    public string Reason => this switch
    {
        { Pairs: < 3 } => $"{Taken} without a test: only {Pairs} held-out pairs could be scored",
        _ when Taken == Anchor => $"{Taken} stays: no other is better by more than one standard error",
        _ => string.Create(
            CultureInfo.InvariantCulture, $"{Taken} is better than {Anchor} by {-Of(Taken).Difference:F3}, standard error {Of(Taken).StandardError:F3}"),
    };

    /// <summary>Mean scores of all candidates, and how each differs from the anchor, with the standard error.</summary>
    internal string Figures => string.Join("; ", Candidates.Select(candidate => candidate.Method == Anchor
        ? string.Create(CultureInfo.InvariantCulture, $"{candidate.Method} {candidate.Score:F3}")
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{candidate.Method} {candidate.Score:F3} ({candidate.Difference:+0.000;-0.000;0.000} +- {candidate.StandardError:F3})")));

    /// <summary>What was taken and why, and the figures of all candidates. Numbers are written the same in every culture.</summary>
    public override string ToString() => $"{Reason}. Mean log rank: {Figures}.";

    private ClosedFormCandidate Of(ClosedFormMethod method) => Candidates.First(candidate => candidate.Method == method);
}
