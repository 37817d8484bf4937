using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Transformers;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

[assembly: LoadableClass(typeof(GentleClipTransformer), typeof(ModelLoader<GentleClipTransformer>), null, typeof(SignatureLoadModel),
    "Gentle-CLIP embeddings of two modalities", GentleClipTransformer.LoaderSignature)]

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Appends the embeddings of two modalities to a data view, and the features of their encoders where <see cref="Modality.WithFeatures"/> names a column
/// for them; made by fitting a <see cref="GentleClipEstimator"/>. A row that lacks a side gets NaN in every slot of that side's columns; no row is dropped
/// or moved.
/// </summary>
/// <remarks>
/// Scoring is thread-safe. Rows are read ahead and embedded many at a time; only the columns that are asked for are computed,
/// and those of one side together: its encoder sees a row once.
/// Dispose it to free the weights' native memory; the embedding columns of views, cursors and prediction engines made before throw
/// <see cref="ObjectDisposedException"/> afterwards.
/// </remarks>
/// <example>
/// <code>
/// GentleClipTransformer fitted = estimator.Fit(data);   // dispose it at the end
/// IDataView embedded = fitted.Transform(test);
/// mlContext.Model.Save(fitted, data.Schema, "model.zip");
/// </code>
/// </example>
public sealed class GentleClipTransformer : SaveableTransformer, ILoadable<GentleClipTransformer>, IDisposable
{
    internal const string LoaderSignature = "GentleClipTransformer";

    // *** Binary format ***
    // entry model.json: UTF-8 JSON, what the model is (ModelSerializer.Description)
    // entry weights.safetensors: the weights, named as the modules' fields
    private static readonly ModelFormat FileFormat = new(
        ModelSignature: "GNTLCLIP",
        LoaderSignature,
        Written: 0x00010003,    // 1.1: initial; 1.2: pictures are turned upright, and have a largest size; transport in the closed form; 1.3: outputs
        Readable: 0x00010003,
        ReadBack: 0x00010001);

    private readonly ModelFacts _facts;
    private readonly ISidedModel _model;
    private readonly EmbeddingColumn[] _columns;
    private readonly SharedModel _shared;
    private readonly Device? _device;
    private readonly EngineChoice _engine;
    private volatile ScoringOptions _scoring;

    internal GentleClipTransformer(FittedModel fitted, Device device, IHostEnvironment? environment = null)
        : this(fitted.Facts, fitted.Model, fitted.Model, device, environment)
    {
    }

    private GentleClipTransformer(ModelFacts facts, ISidedModel model, IDisposable? memory, Device? device, IHostEnvironment? environment)
    {
        _facts = facts;
        _model = model;
        _device = device;
        Environment = environment;
        _engine = new EngineChoice(device) { Environment = environment };
        _scoring = new ScoringOptions { Engine = device is null ? ScoringEngine.OnnxRuntime : ScoringEngine.Torch };
        History = new TrainingHistory(facts.History);
        _shared = new SharedModel(memory);
        // The embeddings first: whoever counts columns finds them where they have always been.
        _columns = [.. new[] { Side.A, Side.B }.SelectMany(Columns).OrderBy(column => !column.IsEmbedding)];

        IEnumerable<EmbeddingColumn> Columns(Side side)
        {
            var tower = new TowerScorer(_shared, model, side, device, environment);
            return ColumnOutput.Of(tower.Spec.Modality).Select(column => new EmbeddingColumn(tower, column.Output, column.ColumnName));
        }
    }

    /// <summary>The epochs of the training, in order: loss terms, temperature, validation. Its <c>ToString</c> is a table.</summary>
    /// <example>
    /// <code>
    /// foreach (TrainingEpoch epoch in model.History)
    ///     Console.WriteLine(epoch);   // step, losses, recall on the validation pairs
    /// </code>
    /// </example>
    public IReadOnlyList<TrainingEpoch> History { get; }

    /// <summary>How the closed form was fitted (<see cref="GentleClipOptions.ClosedForm"/>); null without one.</summary>
    /// <example>
    /// <code>
    /// Console.WriteLine(model.ClosedForm?.ToString() ?? "only towers");
    /// </code>
    /// </example>
    public ClosedFormReport? ClosedForm => _facts.ClosedForm;

    /// <summary>
    /// Whether the losses on unpaired samples were kept, and why; null where <see cref="ValidationOptions.GuardUnpairedObjectives"/> is off or nothing was to
    /// be decided.
    /// </summary>
    public UnpairedObjectivesReport? UnpairedObjectives => _facts.UnpairedObjectives;

    /// <summary>Seed that decided everything random in the training.</summary>
    public int Seed => _facts.Seed;

    /// <summary>Length of the embeddings.</summary>
    public int EmbeddingDimension => _facts.Spec.EmbeddingDimension;

    /// <summary>First modality: its columns and encoder.</summary>
    public Modality ModalityA => _facts.Spec.A.Modality;

    /// <summary>Second modality: its columns and encoder.</summary>
    public Modality ModalityB => _facts.Spec.B.Modality;

    /// <summary>Rows that the next estimator of a pipeline is fitted on.</summary>
    public TrainingRows TrainingRows => _facts.TrainingRows;

    /// <summary>
    /// How the columns of views, prediction engines and generators' calls made from now on are computed; those made before keep what they began with. Not
    /// saved with the model. Never null.
    /// </summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    /// <exception cref="NotSupportedException">The processor, or the engine, has no products of the <see cref="ScoringOptions.Precision"/>.</exception>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
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

    /// <summary>The model behind the columns.</summary>
    /// <exception cref="DllNotFoundException">It was loaded without libtorch.</exception>
    internal TwoTowerModel Model
    {
        get
        {
            _shared.ThrowIfDisposed();
            return _model as TwoTowerModel ?? throw PlainLoading.NeedsTorch();
        }
    }

    /// <summary>ln(1 / temperature).</summary>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    internal float LogitScale
    {
        get
        {
            using var use = _shared.Enter();
            return _model is PlainModel plain ? plain.Weights.Singles(TwoTowerModel.LogitScaleName, 1)[0] : Model.LogitScale.item<float>();
        }
    }

    /// <summary>How columns are computed now.</summary>
    /// <param name="columns">Those that can be.</param>
    /// <inheritdoc cref="EngineChoice.UsesGraph" path="/exception"/>
    internal ScoringPlan PlanFor(IEnumerable<EmbeddingColumn> columns)
    {
        var options = Scoring;
        return ScoringPlan.Of(options, _engine.UsesGraph(options, columns));
    }

    /// <summary>Computes something from the model, whose weights stay alive meanwhile, whoever disposes the transformer.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed before.</exception>
    internal T Use<T>(Func<TwoTowerModel, T> compute)
    {
        using var use = _shared.Enter();
        return compute(Model);
    }

    /// <summary>Where it says that a view lacks a side; null says nothing.</summary>
    internal IHostEnvironment? Environment { get; }

    /// <summary>The two output columns.</summary>
    internal IReadOnlyList<EmbeddingColumn> Columns => _columns;

    /// <summary>The input's schema with the two embedding columns appended.</summary>
    /// <param name="inputSchema">Schema of the input; it may lack the input column of one side.</param>
    /// <exception cref="ArgumentOutOfRangeException">Both input columns are missing, or one is of another type or size than in training.</exception>
    public override DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).Output;

    /// <summary>The input with the two embedding columns appended, and then those of features that the modalities name, computed as it is read.</summary>
    /// <example>
    /// <code>
    /// IDataView embedded = model.Transform(test);   // the columns of test, and two of embeddings
    /// </code>
    /// </example>
    /// <param name="input">
    /// Rows with both sides, one or none. The view may lack the input column of one side: that side's columns are missing (NaN) in every row, and a warning in
    /// the log says so.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">Both input columns are missing, or one is of another type or size than in training.</exception>
    public override IDataView Transform(IDataView input) => Transform(input, TrainingRows.All);

    /// <summary>A mapper of single rows.</summary>
    /// <param name="inputSchema">Schema of the rows; it may lack the input column of one side, whose embedding is missing (NaN) then.</param>
    /// <exception cref="ArgumentOutOfRangeException">Both input columns are missing, or one is of another type or size than in training.</exception>
    public override IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
    {
        var schema = BindAndTell(inputSchema);
        return new EmbeddingRowMapper(schema, PlanFor(schema.Columns.Except(schema.Absent)));
    }

    /// <summary>
    /// Writes one tower's weights as a safetensors file, which Python's and other tools read: float32 tensors named <c>tower.encoder. ...</c> and
    /// <c>tower.head. ...</c>, below that as in the reference checkpoint of the encoder. A closed form beside the towers is not in it.
    /// </summary>
    /// <remarks>Written beside the file, then renamed: a reader sees the old file or the new one. Equal weights give equal bytes.</remarks>
    /// <param name="path">File to write; replaced if it is there.</param>
    /// <param name="embeddingColumnName">An output column of the tower.</param>
    /// <exception cref="ArgumentException">No tower writes that column.</exception>
    /// <exception cref="InvalidOperationException">The model is a closed form without towers.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    public void SaveTowerWeights(string path, string embeddingColumnName)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var side = SideOf(embeddingColumnName);
        using var use = _shared.Enter();
        TowerWeightsFile.Write(path, Model, side);
    }

    /// <summary>
    /// A copy of this transformer in which one tower has the weights of a file that <see cref="SaveTowerWeights"/> wrote, trained on elsewhere perhaps. This
    /// one stays as it is.
    /// </summary>
    /// <param name="path">Any format of docs/weights.md, with the names of <see cref="SaveTowerWeights"/>.</param>
    /// <param name="embeddingColumnName">An output column of the tower.</param>
    /// <returns>A transformer of its own, to be disposed by the caller; its <see cref="History"/> is this one's.</returns>
    /// <exception cref="ArgumentException">No tower writes that column.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is damaged or fits another tower; the message lists every weight that is missing, unexpected or of another shape.
    /// </exception>
    /// <exception cref="InvalidOperationException">The model is a closed form without towers.</exception>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    public GentleClipTransformer WithTowerWeights(string path, string embeddingColumnName)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var side = SideOf(embeddingColumnName);
        using var use = _shared.Enter();
        var model = TowerWeightsFile.Read(path, Model, side, _device!);
        return new GentleClipTransformer(_facts with { Spec = model.Spec }, model, model, _device, Environment);
    }

    /// <summary>Frees the weights, as soon as no other thread computes with them.</summary>
    public void Dispose() => _shared.Dispose();

    static ModelFormat ILoadable<GentleClipTransformer>.LoadableFormat => FileFormat;

    private protected override ModelFormat Format => FileFormat;

    static GentleClipTransformer ILoadable<GentleClipTransformer>.Load(IHostEnvironment environment, ModelReader reader)
    {
        using var channel = environment.Start("Loading GentleClipTransformer");
        return PlainLoading.HasTorch(environment, channel, out var missing)
            ? LoadTorch(environment, channel, reader)
            : LoadPlain(environment, reader, missing!);
    }

    private static GentleClipTransformer LoadTorch(IHostEnvironment environment, IChannel channel, ModelReader reader)
    {
        var device = ComputeDevice.Resolve(null, HostSettings.GpuDeviceId(environment), HostSettings.FallbackToCpu(environment),
            warning => channel.Warning(MessageSensitivity.None, warning));
        return new GentleClipTransformer(ModelSerializer.Read(reader.ReadEntry, device, RegisteredAssemblies.Of(environment)), device, environment);
    }

    /// <summary>Loads for ONNX Runtime, without libtorch.</summary>
    internal static GentleClipTransformer LoadPlain(IHostEnvironment environment, ModelReader reader, string missing)
    {
        var (facts, model) = PlainLoading.Read(() => ModelSerializer.ReadPlain(reader.ReadEntry, RegisteredAssemblies.Of(environment)),
            _ => [Side.A, Side.B], missing);
        return new GentleClipTransformer(facts, model, memory: null, device: null, environment);
    }

    private protected override void SaveModel(ModelWriter writer)
    {
        using var use = _shared.Enter();
        writer.WriteEntry(ModelSerializer.DescriptionEntry, stream => ModelSerializer.WriteDescription(_facts, stream));
        writer.WriteEntry(ModelSerializer.WeightsEntry, WriteWeights);
    }

    private void WriteWeights(Stream stream)
    {
        if (_model is PlainModel plain)
            plain.Weights.Write(stream);
        else
            ModelSerializer.WriteWeights(Model, stream);
    }

    private protected override IDataView TransformForTraining(IDataView input) => Transform(input, TrainingRows);

    private EmbeddingDataView Transform(IDataView input, TrainingRows rows)
    {
        ArgumentNullException.ThrowIfNull(input);
        bool[] required = [.. _columns.Select(column => rows == TrainingRows.WithBoth
            || rows == (column.Tower.Side == Side.A ? TrainingRows.WithA : TrainingRows.WithB))];
        var schema = BindAndTell(input.Schema);
        return new EmbeddingDataView(input, schema, required, PlanFor(schema.Columns.Except(schema.Absent)));
    }

    /// <summary>The side that writes a column.</summary>
    /// <exception cref="ArgumentException">None does.</exception>
    internal Side SideOf(string embeddingColumnName)
    {
        ArgumentException.ThrowIfNullOrEmpty(embeddingColumnName);
        return Array.Find(_columns, column => column.Name == embeddingColumnName)?.Tower.Side
            ?? throw new ArgumentException(
                $"No tower writes column '{embeddingColumnName}'; expected {string.Join(" or ", _columns.Select(column => $"'{column.Name}'"))}.",
                nameof(embeddingColumnName));
    }

    // A misspelt column would else be a side that is silently missing.
    private EmbeddingSchema BindAndTell(DataViewSchema inputSchema)
    {
        var schema = Bind(inputSchema);
        if (schema.Absent.Count == 0 || Environment is not { } environment)
            return schema;
        using var channel = environment.Start(nameof(GentleClipTransformer));
        foreach (var side in schema.Absent.GroupBy(column => column.Spec.Modality.InputColumnName))
            channel.Warning(MessageSensitivity.Schema,
                $"The rows have no column '{side.Key}', so {string.Join(" and ", side.Select(column => $"'{column.Name}'"))} is missing (NaN) in each. "
                + ColumnNames.Describe(side.Key, inputSchema));
        return schema;
    }

    private EmbeddingSchema Bind(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        _shared.ThrowIfDisposed();
        return new EmbeddingSchema(inputSchema, mayLackOne: true, _columns);
    }
}
