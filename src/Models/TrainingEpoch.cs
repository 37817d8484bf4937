using System.Globalization;
using System.Text;
using Microsoft.ML.GentleClip.Objectives;

namespace Microsoft.ML.GentleClip;

/// <summary>One epoch of a training, as kept in <see cref="GentleClipTransformer.History"/>.</summary>
/// <remarks>
/// An epoch is as many steps as it takes to see every unpaired row of the larger side once (every pair, when there is no
/// unpaired row), and at least 20.
/// </remarks>
/// <param name="Epoch">Zero-based number.</param>
/// <param name="Step">Optimiser steps done at its end.</param>
/// <param name="Losses">
/// Mean over the epoch's steps of each loss term before weighting, in nats where the term is a log-likelihood or divergence:
/// those of <see cref="GentleClipOptions.Objectives"/> with a weight above 0 under their names, such as <c>contrastive</c> and <c>sdd</c>, the self-supervised
/// one as <c>selfSupervisedA</c> and <c>selfSupervisedB</c>, and the weighted <c>total</c>. Empty for a closed form alone, which trains nothing.
/// </param>
/// <param name="Temperature">Temperature tau at its end.</param>
/// <param name="LearningRate">Learning rate at its end.</param>
/// <param name="Validation">Retrieval on the validation pairs at its end, or null without validation.</param>
public sealed record TrainingEpoch(
    int Epoch, int Step, IReadOnlyDictionary<string, double> Losses, double Temperature, double LearningRate, ValidationRetrieval? Validation)
{
    /// <summary>
    /// Whether the losses on unpaired samples were turned off because validation was better without them; see
    /// <see cref="ValidationOptions.GuardUnpairedObjectives"/>.
    /// </summary>
    public bool UnpairedObjectivesTurnedOff { get; init; }

    /// <summary>The epoch in one line. Numbers are written the same in every culture.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Epoch {Epoch}, step {Step:N0}");
        if (Losses.TryGetValue(LossTerm.Total, out var total))
        {
            text.Append(CultureInfo.InvariantCulture, $": loss {total:0.000} (");
            var terms = Losses.Where(term => term.Key != LossTerm.Total);
            text.AppendJoin(", ", terms.Select(term => string.Create(CultureInfo.InvariantCulture, $"{term.Key} {term.Value:0.000}"))).Append(')');
        }
        text.Append(CultureInfo.InvariantCulture, $", temperature {Temperature:0.0000}, learning rate {LearningRate:0.###e+0}");
        if (Validation is not null)
            text.Append("; validation: ").Append(Validation);
        return text.ToString();
    }
}
