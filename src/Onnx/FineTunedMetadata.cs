using System.Globalization;
using System.Text.Json;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;

namespace Microsoft.ML.GentleClip.Onnx;

/// <summary>What an exported file says of its fine-tuned model, as texts by key; see docs/fine-tuning.md.</summary>
internal static class FineTunedMetadata
{
    private const string Task = "gentleclip.task", Labels = "gentleclip.labels", LabelColumn = "gentleclip.label_column";

    /// <summary>The texts of a model.</summary>
    public static SortedDictionary<string, string> Of(FineTuningFacts fitted, FineTunedModel model)
    {
        var label = fitted.Spec.Label;
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [TowerMetadata.Format] = TowerMetadata.CurrentFormat,
            [TowerMetadata.LibraryVersion] = TowerMetadata.Version,
            [Task] = label.Task.ToString(),
            [LabelColumn] = fitted.LabelColumnName,
        };
        if (label.SlotNames is { } names)
            result[Labels] = JsonSerializer.Serialize(names);
        foreach (var (side, tower) in model.Towers)
        {
            var spec = model.SpecOf(side);
            var encoder = EncoderKinds.Of(spec.Modality);
            result[Key("modality", side)] = ModalityKinds.Of(spec.Modality).Name;
            result[Key("encoder", side)] = encoder.Name;
            result[Key("preprocessing", side)] = encoder.DescribePreprocessing(spec.Modality);
            result[Key("input_column", side)] = spec.Modality.InputColumnName;
            result[Key("features", side)] = tower.FeatureDimension.ToString(CultureInfo.InvariantCulture);
            result[Key("tower", side)] = ModelSerializer.DescribeTower(spec);
        }
        return result;
    }

    /// <summary>A side's tower, and the width of its features.</summary>
    /// <exception cref="FormatException">The texts are not those of such a file or of that side, or are damaged.</exception>
    public static (TowerSpec Tower, int Features) Read(IReadOnlyDictionary<string, string> metadata, Side side)
    {
        if (!metadata.ContainsKey(Task))
            throw new FormatException($"The model's metadata have no entry '{Task}'; expected a file that ConvertGentleClipFineTuningToOnnx wrote.");
        TowerMetadata.CheckFormat(metadata);
        if (!metadata.TryGetValue(Key("tower", side), out var tower))
            throw new FormatException($"The model has no side {side}: its metadata have no entry '{Key("tower", side)}'.");
        var text = metadata.GetValueOrDefault(Key("features", side));
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var features) && features > 0
            ? (ModelSerializer.ReadTower(tower), features)
            : throw new FormatException(
                $"The model's metadata say '{text}' under '{Key("features", side)}'; expected a whole number of 1 or more.");
    }

    private static string Key(string name, Side side) => $"gentleclip.{name}_{(side == Side.A ? "a" : "b")}";
}
