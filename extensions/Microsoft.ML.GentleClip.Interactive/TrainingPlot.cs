namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>Draws the losses of a training, and the retrieval on validation pairs where some were held out.</summary>
internal static class TrainingPlot
{
    private const string Total = "total";
    private const double SmallestLoss = 1e-4; // rounding can bring a divergence to 0 and below

    public static NotebookGraphic Draw(IReadOnlyList<TrainingEpoch> history, string title)
    {
        TrainingEpoch[] epochs = [.. history.Where(epoch => epoch.Losses.Count > 0)];
        if (epochs.Length == 0)
            throw new InvalidOperationException("The history has no losses: a closed form is not trained in steps.");
        // A total of a single term is that term.
        string[] terms = [.. epochs[0].Losses.Keys.Where(term => term != Total)];
        if (terms.Length != 1)
            terms = [.. terms, Total];
        bool isValidated = epochs.All(epoch => epoch.Validation is not null);
        var right = isValidated ? Axis.Linear("recall@10 on validation pairs", 0, 1) : null;
        var chart = new SvgChart(title,
            Axis.Linear("training step", epochs.Select(epoch => (double)epoch.Step)),
            Axis.Logarithmic("mean loss of the epoch, before weighting", epochs.SelectMany(epoch => terms.Select(term => epoch.Losses[term])), SmallestLoss),
                right);
        for (int i = 0; i < terms.Length; i++)
        {
            string term = terms[i];
            bool isTotal = term == Total;
            chart.AddLine(epochs.Select(epoch => ((double)epoch.Step, epoch.Losses[term])), isTotal ? Palette.Ink : Palette.Colour(i),
                isTotal ? "total, weighted" : term, isBold: isTotal);
        }
        if (isValidated)
            chart.AddLine(epochs.Select(epoch => ((double)epoch.Step, epoch.Validation!.RecallAt10)), Palette.Other, "recall@10 (right)", isRight: true);
        return new NotebookGraphic(chart.Render(), $"{title}: {string.Join(", ", terms)} over {epochs[^1].Step} steps.");
    }
}
