using System.Reflection;
using System.Text.Json;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>Writes and reads a fine-tuned model, as <see cref="ModelSerializer"/> does a fitted one. See docs/saved-model.md.</summary>
internal static class FineTunedSerializer
{
    /// <summary>Name of the description's entry.</summary>
    public const string DescriptionEntry = ModelSerializer.DescriptionEntry;

    /// <summary>Name of the weights' entry.</summary>
    public const string WeightsEntry = ModelSerializer.WeightsEntry;

    /// <summary>Writes the description.</summary>
    public static void WriteDescription(FineTuningFacts fitted, Stream stream)
    {
        var spec = fitted.Spec;
        JsonSerializer.Serialize(stream, new Description(
            Describe(spec.A), Describe(spec.B), spec.Label, fitted.LabelColumnName, fitted.Seed, fitted.History), ModelSerializer.Json);
    }

    /// <summary>Writes the weights.</summary>
    public static void WriteWeights(FineTunedModel model, Stream stream)
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(stream, model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.cpu()));
    }

    /// <summary>Reads a model back.</summary>
    /// <param name="readEntry">Opens the entry of a name for the time of a call.</param>
    /// <param name="device">Where the model shall live.</param>
    /// <param name="registered">Assemblies in which a custom encoder may be looked up by its key.</param>
    /// <exception cref="FormatException">An entry is missing, the description is damaged, or it is not that of the weights.</exception>
    /// <exception cref="InvalidDataException">The weights are damaged or do not fit the description.</exception>
    public static FittedFineTuning Read(Action<string, Action<Stream>> readEntry, Device device, IEnumerable<Assembly> registered)
    {
        Description? description = null;
        FineTunedSpec? spec = null;
        readEntry(DescriptionEntry, stream => (description, spec) = ReadDescription(stream, registered));
        FittedFineTuning? fitted = null;
        try
        {
            readEntry(WeightsEntry, stream =>
            {
                using var weights = SafetensorsReader.Read(stream, WeightsEntry);
                fitted = new FittedFineTuning(Build(spec!, weights, device), description!.LabelColumn, description.Seed, description.History);
            });
        }
        catch
        {
            fitted?.Model.Dispose(); // it was read, but is not what was saved
            throw;
        }
        return fitted!;
    }

    /// <summary>Reads a model back without libtorch.</summary>
    /// <inheritdoc cref="Read" path="/param"/>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static (FineTuningFacts Facts, PlainModel Model) ReadPlain(Action<string, Action<Stream>> readEntry, IEnumerable<Assembly> registered)
    {
        Description? description = null;
        FineTunedSpec? spec = null;
        readEntry(DescriptionEntry, stream => (description, spec) = ReadDescription(stream, registered));
        PlainModel? model = null;
        readEntry(WeightsEntry, stream =>
        {
            var weights = SafetensorsReader.ReadRaw(stream, WeightsEntry);
            CheckCount(spec!, weights.Tensors.Sum(tensor => ModelSerializer.Numbers(tensor.Shape)));
            model = PlainModel.Of(spec!, weights);
        });
        return (new FineTuningFacts(spec!, description!.LabelColumn, description.Seed, description.History), model!);
    }

    // Before anything of the described size is allocated: the file may claim encoders of terabytes.
    private static void CheckCount(FineTunedSpec spec, long found)
    {
        var expected = FineTunedModel.CountWeights(spec);
        if (spec.HasCustomEncoder ? found < expected : found != expected)
            throw new FormatException(
                $"Entry '{DescriptionEntry}' of the saved model describes {(spec.HasCustomEncoder ? "at least " : "")}{expected} weights, "
                + $"but entry '{WeightsEntry}' holds {found}.");
    }

    private static FineTunedModel Build(FineTunedSpec spec, StateDict weights, Device device)
    {
        CheckCount(spec, weights.Values.Sum(weight => weight.numel()));
        using var generator = new Generator(0);
        var model = new FineTunedModel(spec, generator);
        try
        {
            using var scope = NewDisposeScope();
            StateDictLoader.Load(model, weights);
            return model.to(device);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static (Description, FineTunedSpec) ReadDescription(Stream stream, IEnumerable<Assembly> registered)
    {
        try
        {
            var description = JsonSerializer.Deserialize<Description>(stream, ModelSerializer.Json)
                ?? throw new FormatException($"Entry '{DescriptionEntry}' of the saved model is null.");
            var spec = new FineTunedSpec(Tower(description.A), Tower(description.B), description.Label);
            if (spec.Sides.Count == 0)
                throw new FormatException($"Entry '{DescriptionEntry}' of the saved model has no side.");
            if (!spec.Label.IsConsistent || string.IsNullOrWhiteSpace(description.LabelColumn) || description.History.Any(epoch => epoch is null))
                throw new FormatException($"Entry '{DescriptionEntry}' of the saved model: its label or history contradicts itself.");
            foreach (var (_, tower) in spec.Sides)
                tower.Modality.Validate();
            return (description, spec);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or NotSupportedException)
        {
            throw new FormatException($"Entry '{DescriptionEntry}' of the saved model cannot be used: {exception.Message}", exception);
        }

        TowerSpec? Tower(TowerDescription? tower) => tower is null ? null : ModelSerializer.Tower(tower, registered);
    }

    private static TowerDescription? Describe(TowerSpec? tower) => tower is null ? null : ModelSerializer.Describe(tower);

    private sealed record Description(
        TowerDescription? A, TowerDescription? B, LabelSpec Label, string LabelColumn, int Seed, IReadOnlyList<FineTuningEpoch> History);
}
