using System.Collections;
using System.Globalization;
using System.Text;
using Microsoft.ML.GentleClip.Objectives;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>The epochs of a training, which read as a table.</summary>
internal sealed class TrainingHistory(IReadOnlyList<TrainingEpoch> epochs) : IReadOnlyList<TrainingEpoch>
{
    // Of long trainings the first and last epochs tell enough.
    private const int MostLines = 20, FirstLines = 5;

    /// <inheritdoc/>
    public int Count => epochs.Count;

    /// <inheritdoc/>
    public TrainingEpoch this[int index] => epochs[index];

    /// <inheritdoc/>
    public IEnumerator<TrainingEpoch> GetEnumerator() => epochs.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>A line per epoch: number, step, loss, and what validation found.</summary>
    public override string ToString()
    {
        if (Count == 0)
            return "No epochs: nothing was trained.";
        var validates = epochs.Any(epoch => epoch.Validation is not null);
        var text = new StringBuilder(" epoch    step      loss  temperature");
        if (validates)
            text.Append("  recall@1  recall@5  recall@10    MRR");
        for (var i = 0; i < Count; i++)
        {
            if (Count > MostLines && i == FirstLines)
            {
                var left = Count - MostLines;
                text.AppendLine().Append(CultureInfo.InvariantCulture, $"   ... {left} more");
                i += left;
            }
            Add(text.AppendLine(), epochs[i]);
        }
        return text.ToString();
    }

    private static void Add(StringBuilder text, TrainingEpoch epoch)
    {
        var loss = epoch.Losses.TryGetValue(LossTerm.Total, out var total) ? total.ToString("0.0000", CultureInfo.InvariantCulture) : "-";
        text.Append(CultureInfo.InvariantCulture, $"{epoch.Epoch,6}{epoch.Step,8}{loss,10}{epoch.Temperature,13:0.0000}");
        if (epoch.Validation is { } validation)
        {
            text.Append(CultureInfo.InvariantCulture, $"{100 * validation.RecallAt1,8:0.0} %{100 * validation.RecallAt5,8:0.0} %");
            text.Append(CultureInfo.InvariantCulture, $"{100 * validation.RecallAt10,9:0.0} %{validation.MeanReciprocalRank,7:0.000}");
        }
    }
}
