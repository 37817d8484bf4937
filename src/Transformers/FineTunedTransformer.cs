using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.GentleClip.OnnxWriter;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Transformers;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

[assembly: LoadableClass(typeof(FineTunedTransformer), typeof(ModelLoader<FineTunedTransformer>), null, typeof(SignatureLoadModel),
    "Fine-tuned Gentle-CLIP encoders", FineTunedTransformer.LoaderSignature)]

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Appends predictions of a fine-tuned model to a data view; made by fitting a <see cref="FineTuningEstimator"/>. The columns are those of ML.NET's trainers:
/// for classes PredictedLabel, a key with the values of the label column, and Score, the classes' probabilities; for yes or no PredictedLabel, Score and
/// Probability; for many labels Score and Probability, a slot each; for numbers Score. A row that lacks a side has no prediction: NaN in every slot, key 0,
/// false.
/// </summary>
/// <remarks>
/// Scoring is thread-safe. Rows are read ahead and encoded many at a time, where a column of the model is asked for. Dispose it to free the weights' native
/// memory; views, cursors and prediction engines made before throw <see cref="ObjectDisposedException"/> afterwards.
/// </remarks>
public sealed class FineTunedTransformer : SaveableTransformer, ILoadable<FineTunedTransformer>, IDisposable
{
    internal const string LoaderSignature = "FineTunedTransformer";

    // *** Binary format ***
    // entry model.json: UTF-8 JSON, what the model is (FineTunedSerializer.Description)
    // entry weights.safetensors: the weights, named as the modules' fields
    private static readonly ModelFormat FileFormat = new(
        ModelSignature: "GNTLFTUN",
        LoaderSignature,
        Written: 0x00010001,    // initial
        Readable: 0x00010001,
        ReadBack: 0x00010001);

    private readonly FineTuningFacts _facts;
    private readonly ISidedModel _model;
    private readonly FineTunedHead _head;
    private readonly SharedModel _shared;
    private readonly Device? _device;
    private readonly EmbeddingColumn[] _features;
    private readonly EngineChoice _engine;
    private volatile ScoringOptions _scoring;

    internal FineTunedTransformer(FittedFineTuning fitted, Device device, IHostEnvironment? environment = null)
        : this(fitted.Facts, fitted.Model, fitted.Model, fitted.Model.CopyHead(), device, environment)
    {
    }

    private FineTunedTransformer(
        FineTuningFacts facts, ISidedModel model, IDisposable? memory, FineTunedHead head, Device? device, IHostEnvironment? environment)
    {
        (_facts, _model, _head, _device) = (facts, model, head, device);
        _shared = new SharedModel(memory, nameof(FineTunedTransformer));
        _engine = new EngineChoice(device) { Environment = environment };
        _scoring = new ScoringOptions { Engine = device is null ? ScoringEngine.OnnxRuntime : ScoringEngine.Torch };
        _features =
        [
            .. facts.Spec.Sides.Select(side =>
                new EmbeddingColumn(new TowerScorer(_shared, model, side.Side, device, environment), ColumnOutput.Features, $"features {side.Side}")),
        ];
    }

    /// <summary>What is predicted.</summary>
    public FineTuningTask Task => _facts.Spec.Label.Task;

    /// <summary>Column of the labels in training.</summary>
    public string LabelColumnName => _facts.LabelColumnName;

    /// <summary>Number of classes or labels; 1 for yes or no and for numbers.</summary>
    public int LabelCount => _facts.Spec.Label.Count;

    /// <summary>Names of the classes or labels, the slot names of the scores; null where the training column had none.</summary>
    public IReadOnlyList<string>? LabelNames => _facts.Spec.Label.SlotNames;

    /// <summary>The modalities that the predictions are made from: their columns and encoders.</summary>
    public IReadOnlyList<Modality> Modalities => [.. _facts.Spec.Sides.Select(side => side.Tower.Modality)];

    /// <summary>The epochs of the training, in order.</summary>
    public IReadOnlyList<FineTuningEpoch> History => _facts.History;

    /// <summary>Seed that decided everything random in the training.</summary>
    public int Seed => _facts.Seed;

    /// <inheritdoc cref="GentleClipTransformer.Scoring"/>
    public ScoringOptions Scoring
    {
        get => _scoring;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _shared.Set(value, _device, () => _scoring = value);
        }
    }

    /// <summary>True: rows are mapped one by one as well, so a prediction engine can be made.</summary>
    public override bool IsRowToRowMapper => true;

    /// <summary>The input's schema with the columns appended.</summary>
    /// <param name="inputSchema">Schema of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException">An input column is missing or of another type or size than in training.</exception>
    public override DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).Output;

    /// <summary>The input with the columns appended, computed as it is read. No row is dropped or moved, and no label is needed.</summary>
    /// <param name="input">Rows with the inputs of <see cref="Modalities"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An input column is missing or of another type or size than in training.</exception>
    public override IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new ScoreView(input, Bind(input.Schema), Plan(), Use);
    }

    /// <summary>A mapper of single rows.</summary>
    /// <param name="inputSchema">Schema of the rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">An input column is missing or of another type or size than in training.</exception>
    public override IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new ScoreRowMapper(Bind(inputSchema), Plan());

    /// <summary>Frees the weights, as soon as no other thread computes with them.</summary>
    public void Dispose() => _shared.Dispose();

    static ModelFormat ILoadable<FineTunedTransformer>.LoadableFormat => FileFormat;

    private protected override ModelFormat Format => FileFormat;

    static FineTunedTransformer ILoadable<FineTunedTransformer>.Load(IHostEnvironment environment, ModelReader reader)
    {
        using var channel = environment.Start("Loading FineTunedTransformer");
        return PlainLoading.HasTorch(environment, channel, out var missing)
            ? LoadTorch(environment, channel, reader)
            : LoadPlain(environment, reader, missing!);
    }

    private static FineTunedTransformer LoadTorch(IHostEnvironment environment, IChannel channel, ModelReader reader)
    {
        var device = ComputeDevice.Resolve(null, HostSettings.GpuDeviceId(environment), HostSettings.FallbackToCpu(environment),
            warning => channel.Warning(MessageSensitivity.None, warning));
        return new FineTunedTransformer(FineTunedSerializer.Read(reader.ReadEntry, device, RegisteredAssemblies.Of(environment)), device, environment);
    }

    /// <summary>Loads for ONNX Runtime, without libtorch.</summary>
    internal static FineTunedTransformer LoadPlain(IHostEnvironment environment, ModelReader reader, string missing)
    {
        var (facts, model) = PlainLoading.Read(() => FineTunedSerializer.ReadPlain(reader.ReadEntry, RegisteredAssemblies.Of(environment)),
            facts => facts.Spec.Sides.Select(side => side.Side), missing);
        var head = FineTunedHead.Of(facts.Spec.Label, model.Weights, facts.Spec.Sides.Sum(side => model.FeatureDimensionOf(side.Side)));
        return new FineTunedTransformer(facts, model, memory: null, head, device: null, environment);
    }

    private protected override void SaveModel(ModelWriter writer)
    {
        using var use = _shared.Enter();
        writer.WriteEntry(FineTunedSerializer.DescriptionEntry, stream => FineTunedSerializer.WriteDescription(_facts, stream));
        writer.WriteEntry(FineTunedSerializer.WeightsEntry, WriteWeights);
    }

    private protected override IDataView TransformForTraining(IDataView input) => Transform(input);

    /// <summary>Writes the model as an ONNX file.</summary>
    internal void WriteOnnx(string path, long largestInside, CancellationToken cancellationToken) => Use(model =>
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var graph = FineTunedGraph.Build(model);
        OnnxFile.Write(path, graph, FineTunedMetadata.Of(_facts, model), TowerMetadata.Version, largestInside, cancellationToken);
    });

    /// <summary>Does something with the model, whose weights stay alive meanwhile.</summary>
    /// <exception cref="DllNotFoundException">It was loaded without libtorch.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed before.</exception>
    internal void Use(Action<FineTunedModel> use)
    {
        using var entered = _shared.Enter();
        use(Model);
    }

    private FineTunedModel Model => _model as FineTunedModel ?? throw PlainLoading.NeedsTorch();

    private ScoringPlan Plan()
    {
        var options = Scoring;
        return ScoringPlan.Of(options, _engine.UsesGraph(options, _features));
    }

    private void WriteWeights(Stream stream)
    {
        if (_model is PlainModel plain)
            plain.Weights.Write(stream);
        else
            FineTunedSerializer.WriteWeights(Model, stream);
    }

    private ScoreSchema Bind(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        _shared.ThrowIfDisposed();
        return new ScoreSchema(inputSchema, _facts.Spec.Label, _head, _features);
    }
}
