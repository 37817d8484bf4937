using Microsoft.ML;
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
public sealed class ZeroShotTransformer : AppendingTransformer, ILoadable<ZeroShotTransformer>
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

    private readonly ZeroShotModel _model;

    internal ZeroShotTransformer(IHostEnvironment environment, ZeroShotModel model) : base(environment, FileFormat) => _model = model;

    /// <summary>The classifier.</summary>
    public ZeroShotClassifier Classifier => _model.Classifier;

    static ModelFormat ILoadable<ZeroShotTransformer>.LoadableFormat => FileFormat;

    static ZeroShotTransformer ILoadable<ZeroShotTransformer>.Load(IHostEnvironment environment, ModelReader reader) =>
        new(environment, ZeroShotModel.Read(reader));

    private protected override void SaveModel(ModelWriter writer) => _model.Write(writer);

    private protected override AppendedColumns Bind(DataViewSchema schema) =>
        ZeroShotColumns.Bind(_model.Classifier, schema, _model.EmbeddingColumn, _model.ScoreColumn, _model.PredictedLabelColumn);
}
