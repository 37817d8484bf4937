using System.Globalization;
using System.Text;

namespace Microsoft.ML.GentleClip;

/// <summary>What the fit of a closed form decided, and why; see <see cref="ClosedFormOptions"/>.</summary>
/// <param name="UsesSelfTraining">Whether pseudo-pairs of unpaired samples joined the matched pairs.</param>
/// <param name="UsesSpectral">Whether it has features of the neighbour graphs.</param>
/// <param name="LogRankOfPairsAlone">
/// Gate: mean of ln(1 + number of unpaired samples that lie closer than the true partner) over the held-out pairs of a cross-validation,
/// fitted on only the pairs; lower is better. Null when there was nothing to decide.
/// </param>
/// <param name="LogRankOfSelfTraining">The same with self-training, or null.</param>
/// <param name="LogRankOfSpectral">The same with the spectral part beside the better of the two, or null.</param>
/// <param name="PseudoPairs">Pseudo-pairs of each round of self-training, empty without it.</param>
/// <param name="UnpairedA">Unpaired samples of modality A that took part.</param>
/// <param name="UnpairedB">Unpaired samples of modality B that took part.</param>
/// <param name="NaturalDimension">Width before it was cut or padded.</param>
/// <param name="Share">Share of the closed form in the embedding's inner products; 0 for a mere teacher, 1 alone.</param>
/// <param name="KeptEnergy">Share of the embeddings' squared length that the cut kept, 0 to 1; 1 without a cut.</param>
public sealed record ClosedFormReport(
    bool UsesSelfTraining, bool UsesSpectral, double? LogRankOfPairsAlone, double? LogRankOfSelfTraining, double? LogRankOfSpectral,
    IReadOnlyList<int> PseudoPairs, long UnpairedA, long UnpairedB, long NaturalDimension, double Share, double KeptEnergy)
{
    private const int NameWidth = 18;

    /// <summary>
    /// Gate: <see cref="LogRankOfPairsAlone"/> with the samples of the matched pairs as candidates in place of the unpaired ones, the partner itself
    /// counted as half; null when there was nothing to decide. Self-training must not be worse here: unpaired samples of another kind than the
    /// pairs would not show it.
    /// </summary>
    public double? PairLogRankOfPairsAlone { get; init; }

    /// <summary>The same with self-training, or null.</summary>
    public double? PairLogRankOfSelfTraining { get; init; }

    /// <summary>
    /// The closed form that was fitted. <see cref="ClosedFormMethod.SelfTraining"/> whether or not its gate let it pass, and for models saved before there
    /// was a choice.
    /// </summary>
    public ClosedFormMethod Method { get; init; } = ClosedFormMethod.SelfTraining;

    /// <summary>Whether transport between the unpaired samples is a part of it: a blend is one without it where there are too few of them.</summary>
    public bool UsesTransport { get; init; }

    /// <summary>
    /// How the pairs chose; null where <see cref="ClosedFormOptions.Method"/> decided, or the pairs are too few or too equal to test anything.
    /// </summary>
    public ClosedFormChoice? Choice { get; init; }

    /// <summary>Whether there are towers beside the closed form, and why; null where <see cref="ClosedFormOptions.Role"/> said it.</summary>
    public string? RoleReason { get; init; }

    /// <summary>What was decided and why, in a few lines. Numbers are written the same in every culture.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("Closed form");
        Line("method", $"{Method}, {(UsesTransport ? "with" : "without")} transport");
        if (RoleReason is { } role)
            Line("role", role);
        if (Choice is { } choice)
        {
            Line("why", choice.Reason);
            Line("tested on", string.Create(CultureInfo.InvariantCulture,
                $"{choice.Pairs:N0} pairs in {choice.Folds} folds, {choice.UnpairedA:N0} unpaired samples of A, {choice.UnpairedB:N0} of B"));
            Line("mean log rank", $"{choice.Figures} (held-out partners among all samples, lower is better)");
        }
        Line("self-training", UsesSelfTraining
            ? string.Create(CultureInfo.InvariantCulture,
                $"on, {PseudoPairs.Count} rounds, {(PseudoPairs is [.., var last] ? last : 0):N0} pseudo-pairs in the last")
            : "off");
        Line("spectral part", UsesSpectral ? "on" : "off");
        Line("unpaired", string.Create(CultureInfo.InvariantCulture, $"{UnpairedA:N0} samples of A, {UnpairedB:N0} of B"));
        Line("width", string.Create(CultureInfo.InvariantCulture, $"{NaturalDimension:N0}, {100 * KeptEnergy:0.#} % of the squared length kept"));
        if (Share > 0) // a mere teacher has none, and beside towers it is chosen after the fit
            Line("share", string.Create(CultureInfo.InvariantCulture, $"{100 * Share:0.#} % of the inner products"));
        if (LogRankOfPairsAlone is { } pairs)
            Line("mean log rank", string.Create(CultureInfo.InvariantCulture, $"pairs only {pairs:0.000}")
                + With("self-training", LogRankOfSelfTraining) + With("the spectral part", LogRankOfSpectral)
                + " (held-out partners among unpaired samples, lower is better)");
        if (PairLogRankOfPairsAlone is { } own)
            Line("among the pairs", string.Create(CultureInfo.InvariantCulture, $"pairs only {own:0.000}{With("self-training", PairLogRankOfSelfTraining)}"));
        return text.ToString();

        void Line(string name, string value) => text.AppendLine().Append("  ").Append(name.PadRight(NameWidth)).Append(value);

        static string With(string what, double? rank) => rank is null ? "" : string.Create(CultureInfo.InvariantCulture, $", with {what} {rank:0.000}");
    }
}
