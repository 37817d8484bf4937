using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Alignment;
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
/// Appends the embeddings of two modalities to a data view; made by fitting a <see cref="GentleClipEstimator"/>. A row that lacks a side
/// gets NaN in every slot of that side's embedding; no row is dropped or moved.
/// </summary>
/// <remarks>
/// Scoring is thread-safe. Rows are read ahead and embedded many at a time; only the embedding columns that are asked for are computed.
/// Dispose it to free the weights' native memory; the embedding columns of views, cursors and prediction engines made before throw
/// <see cref="ObjectDisposedException"/> afterwards.
/// </remarks>
public sealed class GentleClipTransformer : SaveableTransformer, ILoadable<GentleClipTransformer>, IDisposable
{
    internal const string LoaderSignature = "GentleClipTransformer";

    // *** Binary format ***
    // entry model.json: UTF-8 JSON, what the model is (ModelSerializer.Description)
    // entry weights.safetensors: the weights, named as the modules' fields
    private static readonly ModelFormat FileFormat = new(
        ModelSignature: "GNTLCLIP",
        LoaderSignature,
        Written: 0x00010001,    // initial
        Readable: 0x00010001,
        ReadBack: 0x00010001);

    private readonly FittedModel _fitted;
    private readonly EmbeddingColumn[] _columns;
    private readonly SharedModel _shared;

    internal GentleClipTransformer(FittedModel fitted, Device device)
    {
        _fitted = fitted;
        var model = fitted.Model;
        _shared = new SharedModel(model);
        _columns =
        [
            new EmbeddingColumn(_shared, model, AlignmentSide.A, device),
            new EmbeddingColumn(_shared, model, AlignmentSide.B, device),
        ];
    }

    /// <summary>The epochs of the training, in order: loss terms, temperature, validation.</summary>
    public IReadOnlyList<TrainingEpoch> History => _fitted.History;

    /// <summary>How the closed-form teacher was fitted (<see cref="GentleClipOptions.Teacher"/>); null without one.</summary>
    public TeacherReport? Teacher => _fitted.Teacher;

    /// <summary>Whether the losses on unpaired samples were kept, and why; null where <see cref="GentleClipOptions.GuardUnpairedObjectives"/> is off or nothing was to be decided.</summary>
    public UnpairedObjectivesReport? UnpairedObjectives => _fitted.UnpairedObjectives;

    /// <summary>Seed that decided everything random in the training.</summary>
    public int Seed => _fitted.Seed;

    /// <summary>Length of the embeddings.</summary>
    public int EmbeddingDimension => _fitted.Model.Spec.EmbeddingDimension;

    /// <summary>First modality: its columns and encoder.</summary>
    public Modality ModalityA => _fitted.Model.Spec.A.Modality;

    /// <summary>Second modality: its columns and encoder.</summary>
    public Modality ModalityB => _fitted.Model.Spec.B.Modality;

    /// <summary>Rows that the next estimator of a pipeline is fitted on.</summary>
    public TrainingRows TrainingRows => _fitted.TrainingRows;

    /// <summary>True: rows are mapped one by one as well, so a prediction engine can be made.</summary>
    public override bool IsRowToRowMapper => true;

    /// <summary>The model behind the columns.</summary>
    internal TwoTowerModel Model
    {
        get
        {
            _shared.ThrowIfDisposed();
            return _fitted.Model;
        }
    }

    /// <summary>Computes something from the model, whose weights stay alive meanwhile, whoever disposes the transformer.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed before.</exception>
    internal T Use<T>(Func<TwoTowerModel, T> compute)
    {
        using var use = _shared.Enter();
        return compute(_fitted.Model);
    }

    /// <summary>The two output columns.</summary>
    internal IReadOnlyList<EmbeddingColumn> Columns => _columns;

    /// <summary>The input's schema with the two embedding columns appended.</summary>
    /// <param name="inputSchema">Schema of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException">An input column is missing or of another type or size than in training.</exception>
    public override DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).Output;

    /// <summary>The input with the two embedding columns appended, computed as it is read.</summary>
    /// <param name="input">Rows with both sides, one or none.</param>
    /// <exception cref="ArgumentOutOfRangeException">An input column is missing or of another type or size than in training.</exception>
    public override IDataView Transform(IDataView input) => Transform(input, TrainingRows.All);

    /// <summary>A mapper of single rows.</summary>
    /// <param name="inputSchema">Schema of the rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">An input column is missing or of another type or size than in training.</exception>
    public override IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new EmbeddingRowMapper(Bind(inputSchema));

    /// <summary>Frees the weights, as soon as no other thread computes with them.</summary>
    public void Dispose() => _shared.Dispose();

    static ModelFormat ILoadable<GentleClipTransformer>.LoadableFormat => FileFormat;

    private protected override ModelFormat Format => FileFormat;

    static GentleClipTransformer ILoadable<GentleClipTransformer>.Load(IHostEnvironment environment, ModelReader reader)
    {
        TorchNativeLibrary.EnsureLoaded();
        using var channel = environment.Start("Loading GentleClipTransformer");
        var device = ComputeDevice.Resolve(null, HostSettings.GpuDeviceId(environment), HostSettings.FallbackToCpu(environment),
            warning => channel.Warning(MessageSensitivity.None, warning));
        return new GentleClipTransformer(ModelSerializer.Read(reader.ReadEntry, device), device);
    }

    private protected override void SaveModel(ModelWriter writer)
    {
        using var use = _shared.Enter();
        writer.WriteEntry(ModelSerializer.DescriptionEntry, stream => ModelSerializer.WriteDescription(_fitted, stream));
        writer.WriteEntry(ModelSerializer.WeightsEntry, stream => ModelSerializer.WriteWeights(_fitted, stream));
    }

    private protected override IDataView TransformForTraining(IDataView input) => Transform(input, TrainingRows);

    private EmbeddingDataView Transform(IDataView input, TrainingRows rows)
    {
        ArgumentNullException.ThrowIfNull(input);
        bool[] required = [rows is TrainingRows.WithA or TrainingRows.WithBoth, rows is TrainingRows.WithB or TrainingRows.WithBoth];
        return new EmbeddingDataView(input, Bind(input.Schema), required);
    }

    private EmbeddingSchema Bind(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        _shared.ThrowIfDisposed();
        return new EmbeddingSchema(inputSchema, _columns);
    }
}
