using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Search;
using Microsoft.ML.Runtime;

[assembly: LoadableClass(typeof(ModalityMatcherTransformer), typeof(ModelLoader<ModalityMatcherTransformer>), null, typeof(SignatureLoadModel),
    "Partners of rows in a bank of the other modality", ModalityMatcherTransformer.LoaderSignature)]

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Appends what a <see cref="ModalityMatcher"/> finds for each row, or its translation into the other modality's input; made by fitting a
/// <see cref="ModalityMatcherEstimator"/>.
/// </summary>
/// <remarks>
/// Thread-safe. Rows are read in their order by one thread: memory holds one number for each row of the bank, and no row's result depends on the
/// others. A saved one holds the whole bank: embeddings, identifiers, and inputs where there is something to translate to.
/// </remarks>
public sealed class ModalityMatcherTransformer : AppendingTransformer, ILoadable<ModalityMatcherTransformer>
{
    internal const string LoaderSignature = "ModalityMatcher";

    // *** Binary format ***
    // entry matcher.json: UTF-8 JSON, columns, sizes, temperature, usual energy and calibration (ModalityMatcherModel.Description)
    // entries embeddings.bin float32 [rows, dimension], unit rows; numbers.bin int64 [rows]; potentials.bin float64 [rows]; all little-endian
    // entry inputs.bin: float32 [rows, inputDimension], where there is something to translate to
    // entry ids.json: UTF-8 JSON, text or null for each row, where the bank has identifiers
    private static readonly ModelFormat FileFormat = new(
        ModelSignature: "MODMATCH",
        LoaderSignature,
        Written: 0x00010001,    // initial
        Readable: 0x00010001,
        ReadBack: 0x00010001);

    private readonly ModalityMatcherModel _model;

    internal ModalityMatcherTransformer(IHostEnvironment environment, ModalityMatcherModel model) : base(environment, FileFormat) => _model = model;

    /// <summary>The matcher.</summary>
    public ModalityMatcher Matcher => _model.Matcher;

    static ModelFormat ILoadable<ModalityMatcherTransformer>.LoadableFormat => FileFormat;

    static ModalityMatcherTransformer ILoadable<ModalityMatcherTransformer>.Load(IHostEnvironment environment, ModelReader reader) =>
        new(environment, ModalityMatcherModel.Read(reader));

    private protected override void SaveModel(ModelWriter writer) => _model.Write(writer);

    private protected override AppendedColumns Bind(DataViewSchema schema) => _model.TranslationColumn is { } translation
        ? TranslationColumns.Bind(Matcher, schema, _model.EmbeddingColumn, translation, Report)
        : MatchColumns.Bind(Matcher, schema, _model.EmbeddingColumn, Report);

    private void Report(long rows, long absent)
    {
        if (absent == 0)
            return;
        using var channel = HostEnvironment.Start(nameof(ModalityMatcher));
        channel.Info(MessageSensitivity.None, string.Create(
            CultureInfo.InvariantCulture, $"{absent} of {rows} rows have no '{_model.EmbeddingColumn}': their outputs are missing."));
    }
}
