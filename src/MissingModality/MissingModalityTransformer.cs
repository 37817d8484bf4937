using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.MissingModality;
using Microsoft.ML.Runtime;

[assembly: LoadableClass(typeof(MissingModalityTransformer), typeof(ModelLoader<MissingModalityTransformer>), null, typeof(SignatureLoadModel),
    "Missing modalities as vectors of NaNs", MissingModalityTransformer.LoaderSignature)]

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Makes the missing modality of a row a vector of NaNs, and fills single missing slots of vectors that are there; made by
/// fitting a <see cref="MissingModalityEstimator"/>.
/// </summary>
/// <remarks>Thread-safe. No row is dropped or moved. Sparse vectors stay sparse.</remarks>
public sealed class MissingModalityTransformer : SaveableTransformer, ILoadable<MissingModalityTransformer>
{
    internal const string LoaderSignature = "MissingModality";

    // *** Binary format ***
    // entry missing-modality.json: UTF-8 JSON, columns, sizes and what replaces missing slots (MissingModalityModel.Description)
    private static readonly ModelFormat FileFormat = new(
        ModelSignature: "MISSMODL",
        LoaderSignature,
        Written: 0x00010001,    // initial
        Readable: 0x00010001,
        ReadBack: 0x00010001);

    private readonly IHostEnvironment _environment;
    private readonly IReadOnlyList<MissingModalityColumn> _columns;

    internal MissingModalityTransformer(IHostEnvironment environment, IReadOnlyList<MissingModalityColumn> columns) =>
        (_environment, _columns) = (environment, columns);

    /// <summary>True: rows are mapped one by one as well, so a prediction engine can be made.</summary>
    public override bool IsRowToRowMapper => true;

    /// <summary>What was learnt.</summary>
    internal IReadOnlyList<MissingModalityColumn> Columns => _columns;

    /// <summary>The input's schema with the columns appended.</summary>
    /// <param name="inputSchema">Schema of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type or size than in training.</exception>
    public override DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return AppendedColumns.Schema(inputSchema, Bind(inputSchema));
    }

    /// <summary>The input with the columns appended, computed as it is read.</summary>
    /// <param name="input">The rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type or size than in training.</exception>
    public override IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new SequentialView(AppendedColumns.View(_environment, input, Bind));
    }

    /// <summary>A mapper of single rows.</summary>
    /// <param name="inputSchema">Schema of the rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type or size than in training.</exception>
    public override IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return AppendedColumns.RowMapper(_environment, inputSchema, Bind);
    }

    static ModelFormat ILoadable<MissingModalityTransformer>.LoadableFormat => FileFormat;

    private protected override ModelFormat Format => FileFormat;

    static MissingModalityTransformer ILoadable<MissingModalityTransformer>.Load(IHostEnvironment environment, ModelReader reader) =>
        new(environment, MissingModalityModel.Read(reader));

    private protected override void SaveModel(ModelWriter writer) => MissingModalityModel.Write(writer, _columns);

    private protected override IDataView TransformForTraining(IDataView input) => Transform(input);

    private MissingModalityColumns Bind(DataViewSchema schema) => MissingModalityColumns.Bind(_columns, schema);
}
