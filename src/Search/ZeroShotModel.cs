using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Search;

/// <summary>What a saved <see cref="ZeroShotTransformer"/> holds: a classifier, and the columns that it reads and writes.</summary>
/// <param name="Classifier">The classifier.</param>
/// <param name="EmbeddingColumn">Column that is read.</param>
/// <param name="ScoreColumn">Column that receives the probabilities.</param>
/// <param name="PredictedLabelColumn">Column that receives the most probable label.</param>
internal sealed record ZeroShotModel(ZeroShotClassifier Classifier, string EmbeddingColumn, string ScoreColumn, string PredictedLabelColumn)
{
    private const string DescriptionEntry = "zero-shot.json", PrototypesEntry = "prototypes.bin";

    /// <summary>Writes the description and the prototypes.</summary>
    public void Write(ModelWriter writer)
    {
        var (labels, prototypes) = (Classifier.Labels, Classifier.Prototypes);
        writer.WriteJson(DescriptionEntry, new Description(
            EmbeddingColumn, ScoreColumn, PredictedLabelColumn, [.. labels], Classifier.Dimension, Classifier.Temperature));
        writer.WriteRows(PrototypesEntry, Enumerable.Range(0, labels.Count).Select(label => prototypes.Values(label).ToArray()));
    }

    /// <summary>Reads what was written.</summary>
    /// <exception cref="FormatException">Something is missing or contradicts itself.</exception>
    public static ZeroShotModel Read(ModelReader reader)
    {
        var read = reader.ReadJson<Description>(DescriptionEntry, IsComplete);
        var prototypes = new EmbeddingRows(read.Dimension, scale: false); // unit rows, bit for bit those that were saved
        reader.ReadRows<float>(PrototypesEntry, read.Labels.Length, read.Dimension, row => prototypes.Add(row.All(float.IsFinite)
            ? row
            : throw new FormatException($"The saved model's entry '{PrototypesEntry}' has a number that is not finite.")));
        return new(ZeroShotClassifier.Restore(read.Labels, prototypes, read.Temperature), read.EmbeddingColumn, read.ScoreColumn, read.PredictedLabelColumn);
    }

    private static bool IsComplete(Description read) =>
        read is { EmbeddingColumn.Length: > 0, ScoreColumn.Length: > 0, PredictedLabelColumn.Length: > 0, Labels.Length: > 0, Dimension: > 0, Temperature: > 0 }
        && double.IsFinite(read.Temperature) && Array.TrueForAll(read.Labels, label => label is not null);

    private sealed record Description(
        string EmbeddingColumn, string ScoreColumn, string PredictedLabelColumn, string[] Labels, int Dimension, double Temperature);
}
