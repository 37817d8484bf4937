using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Options;
using Microsoft.ML.GentleClip.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>Writes and reads a fitted model: a JSON description and a safetensors file of the weights. See docs/saved-model.md.</summary>
internal static class ModelSerializer
{
    /// <summary>Name of the description's entry.</summary>
    public const string DescriptionEntry = TowerDescription.Entry;

    /// <summary>Name of the weights' entry.</summary>
    public const string WeightsEntry = "weights.safetensors";

    // What files called it in format 1.1.
    private const string ClosedFormPrefix = "teacher.";

    /// <summary>How descriptions are written.</summary>
    internal static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(), new TowerDescriptionConverter() },
    };

    private static readonly JsonSerializerOptions TowerJson = new(Json) { WriteIndented = false };

    /// <summary>Writes the description.</summary>
    public static void WriteDescription(ModelFacts fitted, Stream stream)
    {
        var spec = fitted.Spec;
        JsonSerializer.Serialize(stream, new Description(
            spec.EmbeddingDimension, spec.Temperature, Describe(spec.A), Describe(spec.B), fitted.Seed, fitted.TrainingRows, fitted.History,
            spec.ClosedForm, fitted.ClosedForm, fitted.UnpairedObjectives), Json);
    }

    /// <summary>Writes the weights.</summary>
    public static void WriteWeights(TwoTowerModel model, Stream stream)
    {
        using var scope = NewDisposeScope();
        var weights = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.cpu());
        if (model.ClosedForm is { } closedForm)
        {
            foreach (var (name, value) in closedForm.GetState())
                weights.Add(ClosedFormPrefix + name, value.cpu().contiguous());
        }
        SafetensorsWriter.Write(stream, weights);
    }

    /// <summary>Reads a model back.</summary>
    /// <param name="readEntry">Opens the entry of a name for the time of a call.</param>
    /// <param name="device">Where the model shall live.</param>
    /// <param name="registered">Assemblies in which a custom encoder may be looked up by its key.</param>
    /// <exception cref="FormatException">An entry is missing, the description is damaged, or it is not that of the weights.</exception>
    /// <exception cref="InvalidDataException">The weights are damaged or do not fit the description.</exception>
    public static FittedModel Read(Action<string, Action<Stream>> readEntry, Device device, IEnumerable<Assembly>? registered = null)
    {
        Description? description = null;
        TwoTowerSpec? spec = null;
        readEntry(DescriptionEntry, stream => (description, spec) = ReadDescription(stream, registered ?? []));
        FittedModel? fitted = null;
        try
        {
            readEntry(WeightsEntry, stream =>
            {
                using var weights = SafetensorsReader.Read(stream, WeightsEntry);
                fitted = Build(description!, spec!, weights, device);
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
    public static (ModelFacts Facts, PlainModel Model) ReadPlain(Action<string, Action<Stream>> readEntry, IEnumerable<Assembly> registered)
    {
        Description? description = null;
        TwoTowerSpec? spec = null;
        readEntry(DescriptionEntry, stream => (description, spec) = ReadDescription(stream, registered));
        PlainModel? model = null;
        readEntry(WeightsEntry, stream =>
        {
            var weights = SafetensorsReader.ReadRaw(stream, WeightsEntry);
            CheckCount(spec!, weights.Tensors.Where(tensor => !IsOfClosedForm(tensor.Name)).Sum(tensor => Numbers(tensor.Shape)));
            CheckHasClosedForm(spec!, weights.Tensors.Count(tensor => IsOfClosedForm(tensor.Name)));
            model = PlainModel.Of(spec!, weights, ClosedFormPrefix);
        });
        return (new ModelFacts(spec!, description!.Seed, description.TrainingRows, description.History, description.ClosedFormReport,
            description.UnpairedObjectives), model!);
    }

    /// <summary>Number of elements of a tensor.</summary>
    internal static long Numbers(long[] shape) => shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>One tower's description alone, as JSON.</summary>
    public static string DescribeTower(TowerSpec spec) => JsonSerializer.Serialize(Describe(spec), TowerJson);

    /// <summary>Reads what <see cref="DescribeTower"/> wrote, held to what the options of a training are held to.</summary>
    /// <exception cref="FormatException">It is damaged.</exception>
    public static TowerSpec ReadTower(string json)
    {
        try
        {
            // No encoder of the user's own: none can be exported.
            var description = JsonSerializer.Deserialize<TowerDescription>(json, TowerJson) ?? throw new FormatException("The tower's description is null.");
            var spec = Tower(description, []);
            spec.Modality.Validate();
            return spec;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or NotSupportedException)
        {
            throw new FormatException($"The tower's description cannot be used: {exception.Message}", exception);
        }
    }

    private static FittedModel Build(Description description, TwoTowerSpec spec, StateDict weights, Device device)
    {
        CheckCount(spec, weights.Where(weight => !IsOfClosedForm(weight.Key)).Sum(weight => weight.Value.numel()));
        using var generator = new Generator(0);
        var model = new TwoTowerModel(spec, generator);
        try
        {
            using var scope = NewDisposeScope();
            StateDictLoader.Load(model, weights, IsOfClosedForm);
            model = model.to(device);
            LoadClosedForm(model, weights, device);
            return new FittedModel(
                model, description.Seed, description.TrainingRows, description.History, description.ClosedFormReport, description.UnpairedObjectives);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    // Before anything of the described size is allocated: the file may claim towers of terabytes.
    private static void CheckCount(TwoTowerSpec spec, long found)
    {
        var expected = TwoTowerModel.CountWeights(spec);
        if (TwoTowerModel.HasCustomEncoder(spec) ? found < expected : found != expected)
            throw new FormatException(
                $"Entry '{DescriptionEntry}' of the saved model describes towers of {(TwoTowerModel.HasCustomEncoder(spec) ? "at least " : "")}{expected} "
                + $"weights, but entry '{WeightsEntry}' holds {found}.");
    }

    private static void CheckHasClosedForm(TwoTowerSpec spec, int tensors)
    {
        if ((spec.ClosedForm is null) != (tensors == 0))
            throw new FormatException(
                $"Entry '{DescriptionEntry}' of the saved model describes {(spec.ClosedForm is null ? "no" : "a")} closed form, "
                + $"but entry '{WeightsEntry}' holds {tensors} tensors of one.");
    }

    private static bool IsOfClosedForm(string name) => name.StartsWith(ClosedFormPrefix, StringComparison.Ordinal);

    private static void LoadClosedForm(TwoTowerModel model, StateDict weights, Device device)
    {
        var state = weights.Where(weight => IsOfClosedForm(weight.Key))
            .ToDictionary(weight => weight.Key[ClosedFormPrefix.Length..], weight => weight.Value.to(device));
        CheckHasClosedForm(model.Spec, state.Count);
        if (state.Count == 0)
            return;
        var closedForm = ClosedFormAlignment.FromState(state);
        try
        {
            model.SetClosedForm(closedForm);
        }
        catch (ArgumentException exception)
        {
            closedForm.Dispose();
            throw new FormatException($"Entry '{WeightsEntry}' of the saved model does not fit entry '{DescriptionEntry}': {exception.Message}", exception);
        }
    }

    private static (Description, TwoTowerSpec) ReadDescription(Stream stream, IEnumerable<Assembly> registered)
    {
        try
        {
            var description = JsonSerializer.Deserialize<Description>(stream, Json)
                ?? throw new FormatException($"Entry '{DescriptionEntry}' of the saved model is null.");
            var (a, b) = (Tower(description.A, registered), Tower(description.B, registered));
            var spec = new TwoTowerSpec(a, b, description.EmbeddingDimension, description.Temperature, description.ClosedForm);
            // The file is held to what the options of a training are held to.
            OptionsValidator.Validate(new GentleClipOptions
            {
                ModalityA = spec.A.Modality,
                ModalityB = spec.B.Modality,
                EmbeddingDimension = spec.EmbeddingDimension,
                Temperature = spec.Temperature,
                TrainingRows = description.TrainingRows,
            });
            CheckClosedForm(spec);
            return (description, spec);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or NotSupportedException)
        {
            throw new FormatException($"Entry '{DescriptionEntry}' of the saved model cannot be used: {exception.Message}", exception);
        }
    }

    private static void CheckClosedForm(TwoTowerSpec spec)
    {
        if (spec.ClosedForm is not { } closedForm)
            return;
        var fits = closedForm.Role switch
        {
            ClosedFormRole.Alone => closedForm.Dimension == spec.EmbeddingDimension,
            ClosedFormRole.BesideTowers => closedForm.Dimension >= 1 && closedForm.Dimension < spec.EmbeddingDimension && closedForm.Share is >= 0 and <= 1,
            _ => false,
        };
        if (!fits)
            throw new FormatException(
                $"Entry '{DescriptionEntry}' of the saved model: a closed form of role {SavedRole.NameOf(closedForm.Role)}, share {closedForm.Share} and "
                + $"dimension {closedForm.Dimension} does not fit an embedding of {spec.EmbeddingDimension}.");
    }

    /// <summary>What is saved of a tower beside its weights.</summary>
    internal static TowerDescription Describe(TowerSpec spec) =>
        EncoderKinds.Of(spec.Modality).Describe(spec.Modality, spec.InputDimension) with { Outputs = spec.Modality.OtherOutputs };

    /// <summary>The tower that a description is of.</summary>
    internal static TowerSpec Tower(TowerDescription description, IEnumerable<Assembly> registered)
    {
        var (modality, inputDimension) = description.Restore(registered);
        foreach (var (output, column) in description.Outputs ?? new Dictionary<string, string>())
        {
            if (ColumnOutput.Named.All(named => named.Name != output))
                throw new FormatException(
                    $"Entry '{DescriptionEntry}' of the saved model: column '{column}' holds '{output}'; expected "
                    + $"{string.Join(" or ", ColumnOutput.Named.Select(named => $"'{named.Name}'"))}. A newer version of the library may read it.");
            modality = modality.WithOutput(output, column);
        }
        return new TowerSpec(modality, inputDimension);
    }

    private sealed record Description(
        int EmbeddingDimension, double Temperature, TowerDescription A, TowerDescription B, int Seed, TrainingRows TrainingRows,
        IReadOnlyList<TrainingEpoch> History,
        [property: JsonPropertyName("teacher")] ClosedFormSpec? ClosedForm = null,
        [property: JsonPropertyName("teacherReport")] ClosedFormReport? ClosedFormReport = null,
        UnpairedObjectivesReport? UnpairedObjectives = null);
}
