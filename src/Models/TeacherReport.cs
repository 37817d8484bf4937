using System.Globalization;
using System.Text;

namespace Microsoft.ML.GentleClip;

/// <summary>What the fit of a closed-form teacher decided, and why; see <see cref="TeacherOptions"/>.</summary>
/// <param name="UsesSelfTraining">Whether pseudo-pairs of unpaired samples joined the matched pairs.</param>
/// <param name="UsesSpectral">Whether it has features of the neighbour graphs.</param>
/// <param name="LogRankOfPairsAlone">
/// Gate: mean of ln(1 + number of unpaired samples that lie closer than the true partner) over the held-out pairs of a cross-validation,
/// fitted on the pairs alone; lower is better. Null when there was nothing to decide.
/// </param>
/// <param name="LogRankOfSelfTraining">The same with self-training, or null.</param>
/// <param name="LogRankOfSpectral">The same with the spectral part beside the better of the two, or null.</param>
/// <param name="PseudoPairs">Pseudo-pairs of each round of self-training, empty without it.</param>
/// <param name="UnpairedA">Unpaired samples of modality A that took part.</param>
/// <param name="UnpairedB">Unpaired samples of modality B that took part.</param>
/// <param name="NaturalDimension">Width before it was cut or padded.</param>
/// <param name="Share">Share of the teacher in the embedding's inner products; 0 for a guide, 1 alone.</param>
/// <param name="KeptEnergy">Share of the embeddings' squared length that the cut kept, 0 to 1; 1 without a cut.</param>
public sealed record TeacherReport(
    bool UsesSelfTraining, bool UsesSpectral, double? LogRankOfPairsAlone, double? LogRankOfSelfTraining, double? LogRankOfSpectral,
    IReadOnlyList<int> PseudoPairs, long UnpairedA, long UnpairedB, long NaturalDimension, double Share, double KeptEnergy)
{
    /// <summary>
    /// Gate: <see cref="LogRankOfPairsAlone"/> with the samples of the matched pairs as candidates in place of the unpaired ones, the partner itself
    /// counted as half; null when there was nothing to decide. Self-training must not be worse here: unpaired samples of another kind than the
    /// pairs would not show it.
    /// </summary>
    public double? PairLogRankOfPairsAlone { get; init; }

    /// <summary>The same with self-training, or null.</summary>
    public double? PairLogRankOfSelfTraining { get; init; }

    /// <summary>
    /// The closed form that was fitted. <see cref="TeacherMethod.SelfTraining"/> whether or not its gate let it pass, and for models saved before there
    /// was a choice.
    /// </summary>
    public TeacherMethod Method { get; init; } = TeacherMethod.SelfTraining;

    /// <summary>Whether transport between the unpaired samples is a part of it: a blend is one without it where there are too few of them.</summary>
    public bool UsesTransport { get; init; }

    /// <summary>How the pairs chose; null where <see cref="TeacherOptions.Method"/> decided, or the pairs are too few or too equal to test anything.</summary>
    public TeacherChoice? Choice { get; init; }

    /// <summary>Whether there are towers beside the closed form, and why; null where <see cref="TeacherOptions.Role"/> said it.</summary>
    public string? RoleReason { get; init; }

    /// <summary>What was fitted and why, a line each.</summary>
    public override string ToString()
    {
        var text = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"Closed form {Method}, {(UsesTransport ? "with" : "without")} transport, ")
            .Append(CultureInfo.InvariantCulture, $"self-training {(UsesSelfTraining ? "on" : "off")}, spectral part {(UsesSpectral ? "on" : "off")}; ")
            .Append(CultureInfo.InvariantCulture, $"{UnpairedA} unpaired samples of A and {UnpairedB} of B took part; ")
            .Append(CultureInfo.InvariantCulture, $"width {NaturalDimension}, of which {KeptEnergy:P1} of the energy is kept.");
        if (RoleReason is not null)
            text.Append("\nRole: ").Append(RoleReason).Append('.');
        if (Choice is not null)
            text.Append('\n').Append(Choice);
        if (LogRankOfPairsAlone is { } alone)
            text.Append(CultureInfo.InvariantCulture, $"\nGate, mean log rank of held-out partners: pairs alone {alone:F3}, with self-training {LogRankOfSelfTraining:F3}, ")
                .Append(CultureInfo.InvariantCulture, $"with the spectral part {LogRankOfSpectral:F3}; ")
                .Append(CultureInfo.InvariantCulture, $"among the pairs' own samples {PairLogRankOfPairsAlone:F3} and {PairLogRankOfSelfTraining:F3}.");
        return text.ToString();
    }
}
