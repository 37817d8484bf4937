using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.MultiLabel;

/// <summary>One model per label, or a constant where the training rows all had the label or all had not.</summary>
/// <param name="FeatureColumn">Column of the features.</param>
/// <param name="FeatureCount">Their number.</param>
/// <param name="ScoreColumn">Column that receives the scores.</param>
/// <param name="ProbabilityColumn">Column that receives the probabilities; null where the models have none.</param>
/// <param name="LabelNames">Slot names; null for none.</param>
/// <param name="Models">The models; null where there is a constant.</param>
/// <param name="Constants">The constants; null where there is a model.</param>
internal sealed record LabelModels(
    string FeatureColumn, int FeatureCount, string ScoreColumn, string? ProbabilityColumn, string[]? LabelNames, BinaryModel?[] Models, float?[] Constants)
{
    private const string DescriptionEntry = "labels.json";

    /// <summary>Number of labels.</summary>
    public int Count => Models.Length;

    /// <summary>Writes the description and the models.</summary>
    public void Write(ModelWriter writer)
    {
        writer.WriteJson(DescriptionEntry, new Description(FeatureColumn, FeatureCount, ScoreColumn, ProbabilityColumn, LabelNames, Constants));
        foreach (var (label, model) in Models.Index())
        {
            if (model is not null)
                writer.WriteModel(Folder(label), model);
        }
    }

    /// <summary>Reads what was written.</summary>
    /// <exception cref="FormatException">Something is missing or contradicts itself.</exception>
    public static LabelModels Read(IHostEnvironment environment, ModelReader reader)
    {
        var read = reader.ReadJson<Description>(DescriptionEntry, read =>
            read is { FeatureColumn: not null, ScoreColumn: not null, Constants.Length: > 0, FeatureCount: > 0 }
            && (read.LabelNames is null || read.LabelNames.Length == read.Constants.Length));
        var models = read.Constants.Select((constant, label) => constant is null ? reader.ReadModel(environment, Folder(label)) : null).ToArray();
        return new(read.FeatureColumn, read.FeatureCount, read.ScoreColumn, read.ProbabilityColumn, read.LabelNames, models, read.Constants);
    }

    private static string Folder(int label) => $"Label{label:D5}";

    private sealed record Description(
        string FeatureColumn, int FeatureCount, string ScoreColumn, string? ProbabilityColumn, string[]? LabelNames, float?[] Constants);
}
