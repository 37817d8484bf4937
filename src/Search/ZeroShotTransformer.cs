using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Search;
using Microsoft.ML.Runtime;

[assembly: LoadableClass(typeof(ZeroShotTransformer), typeof(ModelLoader<ZeroShotTransformer>), null, typeof(SignatureLoadModel),
    "Zero-shot classification of embeddings", ZeroShotTransformer.LoaderSignature)]

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Appends the columns of a zero-shot classification: a probability for each label, and the most probable label; made by fitting a
/// <see cref="ZeroShotEstimator"/>.
/// </summary>
/// <remarks>Thread-safe. It holds the prototypes of the labels and needs no more the model that embedded them.</remarks>
public sealed class ZeroShotTransformer : SaveableTransformer, ILoadable<ZeroShotTransformer>
{
    internal const string LoaderSignature = "ZeroShotTransformer";

    // *** Binary format ***
    // entry zero-shot.json: UTF-8 JSON, columns, labels, dimension and temperature (ZeroShotModel.Description)
    // entry prototypes.bin: float32, little-endian, [labels, dimension], unit rows
    private static readonly ModelFormat FileFormat = new(
        ModelSignature: "ZEROSHOT",
        LoaderSignature,
        Written: 0x00010001,    // initial
        Readable: 0x00010001,
        ReadBack: 0x00010001);

    private readonly IHostEnvironment _environment;
    private readonly ZeroShotModel _model;

    internal ZeroShotTransformer(IHostEnvironment environment, ZeroShotModel model) => (_environment, _model) = (environment, model);

    /// <summary>The classifier.</summary>
    public ZeroShotClassifier Classifier => _model.Classifier;

    /// <summary>True: rows are mapped one by one as well, so a prediction engine can be made.</summary>
    public override bool IsRowToRowMapper => true;

    /// <summary>The input's schema with the columns appended.</summary>
    /// <param name="inputSchema">Schema of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException">The embedding column is missing or of another type or size than the prototypes.</exception>
    public override DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return AppendedColumns.Schema(inputSchema, Bind(inputSchema));
    }

    /// <summary>The input with the columns appended, computed as it is read.</summary>
    /// <param name="input">Rows with embeddings.</param>
    /// <exception cref="ArgumentOutOfRangeException">The embedding column is missing or of another type or size than the prototypes.</exception>
    public override IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new SequentialView(AppendedColumns.View(_environment, input, Bind));
    }

    /// <summary>A mapper of single rows.</summary>
    /// <param name="inputSchema">Schema of the rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The embedding column is missing or of another type or size than the prototypes.</exception>
    public override IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return AppendedColumns.RowMapper(_environment, inputSchema, Bind);
    }

    static ModelFormat ILoadable<ZeroShotTransformer>.LoadableFormat => FileFormat;

    private protected override ModelFormat Format => FileFormat;

    static ZeroShotTransformer ILoadable<ZeroShotTransformer>.Load(IHostEnvironment environment, ModelReader reader) =>
        new(environment, ZeroShotModel.Read(reader));

    private protected override void SaveModel(ModelWriter writer) => _model.Write(writer);

    private protected override IDataView TransformForTraining(IDataView input) => Transform(input);

    private ZeroShotColumns Bind(DataViewSchema schema) =>
        ZeroShotColumns.Bind(_model.Classifier, schema, _model.EmbeddingColumn, _model.ScoreColumn, _model.PredictedLabelColumn);
}
