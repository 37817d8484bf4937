using Microsoft.ML;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.MultiLabel;
using Microsoft.ML.Runtime;

[assembly: LoadableClass(typeof(OnePerLabelTransformer), typeof(ModelLoader<OnePerLabelTransformer>), null, typeof(SignatureLoadModel),
    "One binary model a label", OnePerLabelTransformer.LoaderSignature)]

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Appends a score, and a probability where the trainer is calibrated, for each of many labels; made by fitting a
/// <see cref="OnePerLabelEstimator"/>. A row whose features are absent (NaN in any slot) gets NaN in every slot.
/// </summary>
/// <remarks>Scoring is thread-safe. A label that no training row had scores 0, one that all had 1.</remarks>
public sealed class OnePerLabelTransformer : AppendingTransformer, ILoadable<OnePerLabelTransformer>
{
    internal const string LoaderSignature = "OnePerLabelTransformer";

    // *** Binary format ***
    // entry labels.json: UTF-8 JSON, columns, label names and constants (LabelModels.Description)
    // folders Label00000 and so on: the models as ML.NET saves them; none for a constant
    private static readonly ModelFormat FileFormat = new(
        ModelSignature: "ONEPERLB",
        LoaderSignature,
        Written: 0x00010001,    // initial
        Readable: 0x00010001,
        ReadBack: 0x00010001);

    private readonly LabelModels _models;

    internal OnePerLabelTransformer(IHostEnvironment environment, LabelModels models) : base(environment, FileFormat) => _models = models;

    /// <summary>Number of labels.</summary>
    public int LabelCount => _models.Count;

    /// <summary>Names of the labels, slot names of the training label column; null where it has none.</summary>
    public IReadOnlyList<string>? LabelNames => _models.LabelNames;

    /// <summary>Slots of the labels that have a constant score, because no training row or every training row had them.</summary>
    public IReadOnlyList<int> ConstantLabels => [.. Enumerable.Range(0, _models.Count).Where(label => _models.Constants[label] is not null)];

    static ModelFormat ILoadable<OnePerLabelTransformer>.LoadableFormat => FileFormat;

    static OnePerLabelTransformer ILoadable<OnePerLabelTransformer>.Load(IHostEnvironment environment, ModelReader reader) =>
        new(environment, LabelModels.Read(environment, reader));

    private protected override void SaveModel(ModelWriter writer) => _models.Write(writer);

    private protected override bool IsSequential => false;

    private protected override AppendedColumns Bind(DataViewSchema schema) => LabelScoreColumns.Bind(_models, schema);
}
