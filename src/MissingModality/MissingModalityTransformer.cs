using Microsoft.ML;
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
public sealed class MissingModalityTransformer : AppendingTransformer, ILoadable<MissingModalityTransformer>
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

    private readonly IReadOnlyList<MissingModalityColumn> _columns;

    internal MissingModalityTransformer(IHostEnvironment environment, IReadOnlyList<MissingModalityColumn> columns) : base(environment, FileFormat) =>
        _columns = columns;

    /// <summary>What was learnt.</summary>
    internal IReadOnlyList<MissingModalityColumn> Columns => _columns;

    static ModelFormat ILoadable<MissingModalityTransformer>.LoadableFormat => FileFormat;

    static MissingModalityTransformer ILoadable<MissingModalityTransformer>.Load(IHostEnvironment environment, ModelReader reader) =>
        new(environment, MissingModalityModel.Read(reader));

    private protected override void SaveModel(ModelWriter writer) => MissingModalityModel.Write(writer, _columns);

    private protected override AppendedColumns Bind(DataViewSchema schema) => MissingModalityColumns.Bind(_columns, schema);
}
