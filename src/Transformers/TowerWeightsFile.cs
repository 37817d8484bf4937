using System.Globalization;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>One tower's weights as a safetensors file, named as in a saved model without the side: <c>tower.encoder. ...</c>, <c>tower.head. ...</c></summary>
internal static class TowerWeightsFile
{
    private const string Prefix = "tower.";

    /// <summary>Writes beside the file, then renames.</summary>
    public static void Write(string path, TwoTowerModel model, Side side)
    {
        using var scope = NewDisposeScope();
        var weights = Tower(model, side).state_dict().ToDictionary(entry => Prefix + entry.Key, entry => entry.Value);
        var spec = Spec(model, side);
        var metadata = new Dictionary<string, string>
        {
            ["format"] = "pt",
            ["library"] = "Microsoft.ML.GentleClip",
            ["modality"] = spec.Modality.GetType().Name,
            ["embedding_dimension"] = model.Spec.TowerDimension.ToString(CultureInfo.InvariantCulture),
        };
        if (spec.InputDimension > 0)
            metadata["input_dimension"] = spec.InputDimension.ToString(CultureInfo.InvariantCulture);
        AtomicFile.Write(path, stream => SafetensorsWriter.Write(stream, weights, metadata));
    }

    /// <summary>A copy of the model on its device, one tower of which has the file's weights.</summary>
    /// <exception cref="InvalidDataException">
    /// The file is damaged, or does not fit the tower; the message lists every weight that is missing, unexpected or of another shape.
    /// </exception>
    public static TwoTowerModel Read(string path, TwoTowerModel model, Side side, Device device)
    {
        _ = Tower(model, side);
        using var generator = new Generator(0);
        var copy = new TwoTowerModel(model.Spec, generator);
        try
        {
            using var scope = NewDisposeScope();
            copy = copy.to(device);
            copy.CopyWeights(model);
            if (model.ClosedForm is { } closedForm)
                copy.SetClosedForm(ClosedFormAlignment.FromState(closedForm.GetState()));
            using var weights = WeightFile.Read(path);
            if (weights.Keys.FirstOrDefault(name => !name.StartsWith(Prefix, StringComparison.Ordinal)) is { } foreign)
                throw new InvalidDataException($"{path}: expected the weights of a tower, names that begin with '{Prefix}', found '{foreign}'.");
            var tower = side == Side.A ? copy.TowerA : copy.TowerB;
            StateDictLoader.Load(tower, weights.ToDictionary(entry => entry.Key[Prefix.Length..], entry => entry.Value), path);
            foreach (var (name, value) in weights)
                if (value.is_floating_point() && !value.isfinite().all().item<bool>())
                    throw new InvalidDataException($"{path}: '{name}' has values that are not finite.");
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    private static Tower Tower(TwoTowerModel model, Side side) => !model.HasTowers
        ? throw new InvalidOperationException(
            $"The model is a closed-form alignment without towers; its maps are in the saved model, under 'teacher.{(side == Side.A ? "a" : "b")}.'.")
        : side == Side.A ? model.TowerA : model.TowerB;

    private static TowerSpec Spec(TwoTowerModel model, Side side) => side == Side.A ? model.Spec.A : model.Spec.B;
}
