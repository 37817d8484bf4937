using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Options;
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

    private const string TeacherPrefix = "teacher.";

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

    private static readonly JsonSerializerOptions TowerJson = new(Json) { WriteIndented = false };

    /// <summary>Writes the description.</summary>
    public static void WriteDescription(FittedModel fitted, Stream stream)
    {
        var spec = fitted.Model.Spec;
        JsonSerializer.Serialize(stream, new Description(
            spec.EmbeddingDimension, spec.Temperature, Describe(spec.A), Describe(spec.B), fitted.Seed, fitted.TrainingRows, fitted.History,
            spec.Teacher, fitted.Teacher, fitted.UnpairedObjectives), Json);
    }

    /// <summary>Writes the weights.</summary>
    public static void WriteWeights(FittedModel fitted, Stream stream)
    {
        using var scope = NewDisposeScope();
        var weights = fitted.Model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.cpu());
        if (fitted.Model.Teacher is { } teacher)
        {
            foreach (var (name, value) in teacher.GetState())
                weights.Add(TeacherPrefix + name, value.cpu().contiguous());
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
        readEntry(WeightsEntry, stream =>
        {
            using var weights = SafetensorsReader.Read(stream, WeightsEntry);
            fitted = Build(description!, spec!, weights, device);
        });
        return fitted!;
    }

    /// <summary>One tower's description alone, as JSON.</summary>
    public static string DescribeTower(TowerSpec spec) => JsonSerializer.Serialize(Describe(spec), TowerJson);

    /// <summary>Reads what <see cref="DescribeTower"/> wrote, held to what the options of a training are held to.</summary>
    /// <exception cref="FormatException">It is damaged.</exception>
    public static TowerSpec ReadTower(string json)
    {
        try
        {
            // No encoder of the user's own: none can be exported.
            var spec = Tower(JsonSerializer.Deserialize<TowerDescription>(json, TowerJson) ?? throw new FormatException("The tower's description is null."), []);
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
        // Before anything of the described size is allocated: the file may claim towers of terabytes.
        var (expected, found) = (TwoTowerModel.CountWeights(spec), weights.Where(weight => !IsTeachers(weight.Key)).Sum(weight => weight.Value.numel()));
        if (TwoTowerModel.HasCustomEncoder(spec) ? found < expected : found != expected)
            throw new FormatException($"Entry '{DescriptionEntry}' of the saved model describes towers of {(TwoTowerModel.HasCustomEncoder(spec) ? "at least " : "")}{expected} weights, but entry '{WeightsEntry}' holds {found}.");
        using var generator = new Generator(0);
        var model = new TwoTowerModel(spec, generator);
        try
        {
            using var scope = NewDisposeScope();
            StateDictLoader.Load(model, weights, IsTeachers);
            model = model.to(device);
            LoadTeacher(model, weights, device);
            return new FittedModel(model, description.Seed, description.TrainingRows, description.History, description.TeacherReport, description.UnpairedObjectives);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static bool IsTeachers(string name) => name.StartsWith(TeacherPrefix, StringComparison.Ordinal);

    private static void LoadTeacher(TwoTowerModel model, StateDict weights, Device device)
    {
        var state = weights.Where(weight => IsTeachers(weight.Key)).ToDictionary(weight => weight.Key[TeacherPrefix.Length..], weight => weight.Value.to(device));
        if ((model.Spec.Teacher is null) != (state.Count == 0))
            throw new FormatException($"Entry '{DescriptionEntry}' of the saved model describes {(model.Spec.Teacher is null ? "no" : "a")} teacher, but entry '{WeightsEntry}' holds {state.Count} tensors of one.");
        if (state.Count == 0)
            return;
        var teacher = ClosedFormAlignment.FromState(state);
        try
        {
            model.SetTeacher(teacher);
        }
        catch (ArgumentException exception)
        {
            teacher.Dispose();
            throw new FormatException($"Entry '{WeightsEntry}' of the saved model does not fit entry '{DescriptionEntry}': {exception.Message}", exception);
        }
    }

    private static (Description, TwoTowerSpec) ReadDescription(Stream stream, IEnumerable<Assembly> registered)
    {
        try
        {
            var description = JsonSerializer.Deserialize<Description>(stream, Json) ?? throw new FormatException($"Entry '{DescriptionEntry}' of the saved model is null.");
            var spec = new TwoTowerSpec(Tower(description.A, registered), Tower(description.B, registered), description.EmbeddingDimension, description.Temperature, description.Teacher);
            // The file is held to what the options of a training are held to.
            new GentleClipOptions
            {
                ModalityA = spec.A.Modality,
                ModalityB = spec.B.Modality,
                EmbeddingDimension = spec.EmbeddingDimension,
                Temperature = spec.Temperature,
                TrainingRows = description.TrainingRows,
            }.Validate();
            CheckTeacher(spec);
            return (description, spec);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or NotSupportedException)
        {
            throw new FormatException($"Entry '{DescriptionEntry}' of the saved model cannot be used: {exception.Message}", exception);
        }
    }

    private static void CheckTeacher(TwoTowerSpec spec)
    {
        if (spec.Teacher is not { } teacher)
            return;
        var fits = teacher.Role switch
        {
            TeacherRole.Alone => teacher.Dimension == spec.EmbeddingDimension,
            TeacherRole.SideBySide => teacher.Dimension >= 1 && teacher.Dimension < spec.EmbeddingDimension && teacher.Share is >= 0 and <= 1,
            _ => false,
        };
        if (!fits)
            throw new FormatException($"Entry '{DescriptionEntry}' of the saved model: a teacher of role {teacher.Role}, share {teacher.Share} and dimension {teacher.Dimension} does not fit an embedding of {spec.EmbeddingDimension}.");
    }

    private static TowerDescription Describe(TowerSpec spec) => spec.Modality switch
    {
        VectorModality { CustomEncoder: { } custom } vector => new CustomVectorTowerDescription(vector.InputColumnName, vector.OutputColumnName, spec.InputDimension, EncoderKey.Of(custom), EncoderKey.ToJson(custom with { WeightsFile = null })),
        TextModality { Encoder: CustomTextEncoderOptions custom } text => new CustomTextTowerDescription(text.InputColumnName, text.OutputColumnName, EncoderKey.Of(custom), EncoderKey.ToJson(custom with { WeightsFile = null, VocabularyFile = null })),
        ImageModality { Encoder: CustomImageEncoderOptions custom } image => new CustomImageTowerDescription(image.InputColumnName, image.OutputColumnName, image.Images, EncoderKey.Of(custom), EncoderKey.ToJson(custom with { WeightsFile = null }), image.Images.ApplyOrientation),
        VectorModality vector => new VectorTowerDescription(vector.InputColumnName, vector.OutputColumnName, spec.InputDimension, vector.Encoder),
        ProteinSequenceModality sequence => new SequenceTowerDescription(sequence.InputColumnName, sequence.OutputColumnName, sequence.Encoder with { Size = sequence.Encoder.Size, WeightsFile = null }),
        ProteinStructureModality structure => new StructureTowerDescription(structure.InputColumnName, structure.OutputColumnName, structure.SequenceColumnName, structure.Encoder),
        TextModality { Encoder: TextNGramOptions nGrams } text => new TextTowerDescription(text.InputColumnName, text.OutputColumnName, nGrams),
        TextModality { Encoder: BertEncoderOptions bert } text => new BertTowerDescription(text.InputColumnName, text.OutputColumnName, bert with { Size = bert.Size, WeightsFile = null, VocabularyFile = null }),
        ImageModality image => new ImageTowerDescription(image.InputColumnName, image.OutputColumnName, image.Images,
            image.Encoder is ResNetOptions resNet ? resNet with { Size = resNet.Size, WeightsFile = null } : null,
            image.Encoder is ViTOptions vit ? vit with { Size = vit.Size, WeightsFile = null } : null, image.Images.ApplyOrientation),
        _ => throw new NotSupportedException($"{spec.Modality.GetType().Name} cannot be saved."),
    };

    private static TowerSpec Tower(TowerDescription description, IEnumerable<Assembly> registered) => description switch
    {
        CustomVectorTowerDescription { InputDimension: < 1 } vector => throw NoInput(vector.InputColumn, vector.InputDimension),
        CustomVectorTowerDescription vector => new(Modality.Vector(vector.InputColumn, vector.OutputColumn, Custom<CustomVectorEncoderOptions>(vector.Key, vector.Encoder, registered) with { WeightsFile = null }), vector.InputDimension),
        CustomTextTowerDescription text => Custom<CustomTextEncoderOptions>(text.Key, text.Encoder, registered) is { Vocabulary: not null } custom
            ? new(Modality.Text(text.InputColumn, text.OutputColumn, custom with { WeightsFile = null, VocabularyFile = null }), 0)
            : throw NoVocabulary(text.InputColumn),
        CustomImageTowerDescription image => new(Modality.Image(image.InputColumn, image.OutputColumn, image.Pictures, Custom<CustomImageEncoderOptions>(image.Key, image.Encoder, registered) with { WeightsFile = null }), 0),
        VectorTowerDescription { InputDimension: < 1 } vector => throw NoInput(vector.InputColumn, vector.InputDimension),
        VectorTowerDescription vector => new(Modality.Vector(vector.InputColumn, vector.OutputColumn, vector.Encoder), vector.InputDimension),
        SequenceTowerDescription sequence => new(Modality.ProteinSequence(sequence.InputColumn, sequence.OutputColumn, sequence.Encoder with { WeightsFile = null }), 0),
        StructureTowerDescription structure => new(Modality.ProteinStructure(structure.InputColumn, structure.OutputColumn, structure.SequenceColumn, structure.Encoder), 0),
        TextTowerDescription text => new(Modality.Text(text.InputColumn, text.OutputColumn, text.Encoder), 0),
        BertTowerDescription { Encoder.Vocabulary: null } text => throw NoVocabulary(text.InputColumn),
        BertTowerDescription text => new(Modality.Text(text.InputColumn, text.OutputColumn, text.Encoder with { WeightsFile = null, VocabularyFile = null }), 0),
        ImageTowerDescription image when (image.ResNet is null) != (image.Vit is null) => new(Modality.Image(image.InputColumn, image.OutputColumn, image.Pictures,
            (ImageEncoderOptions?)(image.ResNet is { } resNet ? resNet with { WeightsFile = null } : null) ?? image.Vit! with { WeightsFile = null }), 0),
        ImageTowerDescription image => throw new FormatException($"Entry '{DescriptionEntry}' of the saved model: column '{image.InputColumn}' expected one network, found {(image.ResNet is null ? "none" : "two")}."),
        _ => throw new FormatException($"Entry '{DescriptionEntry}' of the saved model names an unknown modality."),
    };

    private static T Custom<T>(string key, JsonElement settings, IEnumerable<Assembly> registered) => (T)EncoderKey.FromJson(settings, EncoderKey.Find<T>(key, registered), key);

    private static FormatException NoInput(string column, int found) =>
        new($"Entry '{DescriptionEntry}' of the saved model: input dimension of column '{column}' expected 1 or more, found {found}.");

    private static FormatException NoVocabulary(string column) => new($"Entry '{DescriptionEntry}' of the saved model: the text of column '{column}' has no vocabulary.");

    private sealed record Description(
        int EmbeddingDimension, double Temperature, TowerDescription A, TowerDescription B, int Seed, TrainingRows TrainingRows, IReadOnlyList<TrainingEpoch> History,
        TeacherSpec? Teacher = null, TeacherReport? TeacherReport = null, UnpairedObjectivesReport? UnpairedObjectives = null);

    [JsonPolymorphic(TypeDiscriminatorPropertyName = "modality")]
    [JsonDerivedType(typeof(VectorTowerDescription), "vector")]
    [JsonDerivedType(typeof(SequenceTowerDescription), "proteinSequence")]
    [JsonDerivedType(typeof(TextTowerDescription), "text")]
    [JsonDerivedType(typeof(BertTowerDescription), "textBert")]
    [JsonDerivedType(typeof(StructureTowerDescription), "proteinStructure")]
    [JsonDerivedType(typeof(ImageTowerDescription), "image")]
    [JsonDerivedType(typeof(CustomVectorTowerDescription), "customVector")]
    [JsonDerivedType(typeof(CustomTextTowerDescription), "customText")]
    [JsonDerivedType(typeof(CustomImageTowerDescription), "customImage")]
    private abstract record TowerDescription;

    private sealed record CustomVectorTowerDescription(string InputColumn, string OutputColumn, int InputDimension, string Key, JsonElement Encoder) : TowerDescription;

    private sealed record CustomTextTowerDescription(string InputColumn, string OutputColumn, string Key, JsonElement Encoder) : TowerDescription;

    private sealed record CustomImageTowerDescription(string InputColumn, string OutputColumn, ImageOptions Images, string Key, JsonElement Encoder, bool ApplyOrientation = false) : TowerDescription
    {
        [JsonIgnore]
        public ImageOptions Pictures => Images with { ApplyOrientation = ApplyOrientation };
    }

    private sealed record VectorTowerDescription(string InputColumn, string OutputColumn, int InputDimension, VectorEncoderOptions Encoder) : TowerDescription;

    private sealed record SequenceTowerDescription(string InputColumn, string OutputColumn, Esm2Options Encoder) : TowerDescription;

    private sealed record StructureTowerDescription(string InputColumn, string OutputColumn, string? SequenceColumn, CdConvOptions Encoder) : TowerDescription;

    private sealed record TextTowerDescription(string InputColumn, string OutputColumn, TextNGramOptions Encoder) : TowerDescription;

    private sealed record BertTowerDescription(string InputColumn, string OutputColumn, BertEncoderOptions Encoder) : TowerDescription;

    // The orientation stands beside the other settings of pictures: those of format 1.1 lack it, and mean that pictures are not turned.
    private sealed record ImageTowerDescription(
        string InputColumn, string OutputColumn, ImageOptions Images, ResNetOptions? ResNet = null, ViTOptions? Vit = null, bool ApplyOrientation = false) : TowerDescription
    {
        [JsonIgnore]
        public ImageOptions Pictures => Images with { ApplyOrientation = ApplyOrientation };
    }
}
