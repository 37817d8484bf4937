using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>Writes and reads a fitted model: a JSON description and a safetensors file of the weights. See docs/saved-model.md.</summary>
internal static class ModelSerializer
{
    /// <summary>Name of the description's entry.</summary>
    public const string DescriptionEntry = "model.json";

    /// <summary>Name of the weights' entry.</summary>
    public const string WeightsEntry = "weights.safetensors";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Writes the description.</summary>
    public static void WriteDescription(FittedModel fitted, Stream stream)
    {
        var spec = fitted.Model.Spec;
        JsonSerializer.Serialize(stream, new Description(
            spec.EmbeddingDimension, spec.Temperature, Describe(spec.A), Describe(spec.B), fitted.Seed, fitted.TrainingRows, fitted.History), Json);
    }

    /// <summary>Writes the weights.</summary>
    public static void WriteWeights(FittedModel fitted, Stream stream)
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(stream, fitted.Model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.cpu()));
    }

    /// <summary>Reads a model back.</summary>
    /// <param name="readEntry">Opens an entry by name.</param>
    /// <param name="device">Where the model shall live.</param>
    /// <exception cref="FormatException">An entry is damaged or the two do not fit together.</exception>
    public static FittedModel Read(Func<string, byte[]> readEntry, Device device)
    {
        var description = ReadDescription(readEntry(DescriptionEntry));
        var spec = new TwoTowerSpec(Tower(description.A), Tower(description.B), description.EmbeddingDimension, description.Temperature);
        using var generator = new Generator(0);
        var model = new TwoTowerModel(spec, generator);
        try
        {
            using var scope = NewDisposeScope();
            StateDictLoader.Load(model, SafetensorsReader.Read(new MemoryStream(readEntry(WeightsEntry)), WeightsEntry), WeightsEntry);
            return new FittedModel(model.to(device), description.Seed, description.TrainingRows, description.History);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static Description ReadDescription(byte[] bytes)
    {
        try
        {
            return JsonSerializer.Deserialize<Description>(bytes, Json) ?? throw new FormatException($"Entry '{DescriptionEntry}' of the saved model is null.");
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or NotSupportedException)
        {
            throw new FormatException($"Entry '{DescriptionEntry}' of the saved model cannot be used: {exception.Message}", exception);
        }
    }

    private static TowerDescription Describe(TowerSpec spec) => spec.Modality switch
    {
        VectorModality vector => new VectorTowerDescription(vector.InputColumnName, vector.OutputColumnName, spec.InputDimension, vector.Encoder),
        _ => throw new NotSupportedException($"{spec.Modality.GetType().Name} cannot be saved."),
    };

    private static TowerSpec Tower(TowerDescription description) => description switch
    {
        VectorTowerDescription vector => new(Modality.Vector(vector.InputColumn, vector.OutputColumn, vector.Encoder), vector.InputDimension),
        _ => throw new FormatException($"Entry '{DescriptionEntry}' of the saved model names an unknown modality."),
    };

    private sealed record Description(
        int EmbeddingDimension, double Temperature, TowerDescription A, TowerDescription B, int Seed, TrainingRows TrainingRows, IReadOnlyList<TrainingEpoch> History);

    [JsonPolymorphic(TypeDiscriminatorPropertyName = "modality")]
    [JsonDerivedType(typeof(VectorTowerDescription), "vector")]
    private abstract record TowerDescription;

    private sealed record VectorTowerDescription(string InputColumn, string OutputColumn, int InputDimension, VectorEncoderOptions Encoder) : TowerDescription;
}
