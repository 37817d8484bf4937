using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
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
public sealed class ModalityMatcherTransformer : SaveableTransformer, ILoadable<ModalityMatcherTransformer>
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

    private readonly IHostEnvironment _environment;
    private readonly ModalityMatcherModel _model;

    internal ModalityMatcherTransformer(IHostEnvironment environment, ModalityMatcherModel model) => (_environment, _model) = (environment, model);

    /// <summary>The matcher.</summary>
    public ModalityMatcher Matcher => _model.Matcher;

    /// <summary>True: rows are mapped one by one as well, so a prediction engine can be made.</summary>
    public override bool IsRowToRowMapper => true;

    /// <summary>The input's schema with the columns appended.</summary>
    /// <param name="inputSchema">Schema of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException">The embedding column is missing or of another type or size than the bank's.</exception>
    public override DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return AppendedColumns.Schema(inputSchema, Bind(inputSchema));
    }

    /// <summary>The input with the columns appended, computed as it is read.</summary>
    /// <param name="input">Rows with embeddings.</param>
    /// <exception cref="ArgumentOutOfRangeException">The embedding column is missing or of another type or size than the bank's.</exception>
    public override IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new SequentialView(AppendedColumns.View(_environment, input, Bind));
    }

    /// <summary>A mapper of single rows.</summary>
    /// <param name="inputSchema">Schema of the rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The embedding column is missing or of another type or size than the bank's.</exception>
    public override IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return AppendedColumns.RowMapper(_environment, inputSchema, Bind);
    }

    static ModelFormat ILoadable<ModalityMatcherTransformer>.LoadableFormat => FileFormat;

    private protected override ModelFormat Format => FileFormat;

    static ModalityMatcherTransformer ILoadable<ModalityMatcherTransformer>.Load(IHostEnvironment environment, ModelReader reader) =>
        new(environment, ModalityMatcherModel.Read(reader));

    private protected override void SaveModel(ModelWriter writer) => _model.Write(writer);

    private protected override IDataView TransformForTraining(IDataView input) => Transform(input);

    private MatcherColumns Bind(DataViewSchema schema) => _model.TranslationColumn is { } translation
        ? TranslationColumns.Bind(Matcher, schema, _model.EmbeddingColumn, translation, Report)
        : MatchColumns.Bind(Matcher, schema, _model.EmbeddingColumn, Report);

    private void Report(long rows, long absent)
    {
        if (absent == 0)
            return;
        using var channel = _environment.Start(nameof(ModalityMatcher));
        channel.Info(MessageSensitivity.None, string.Create(
            CultureInfo.InvariantCulture, $"{absent} of {rows} rows have no '{_model.EmbeddingColumn}': their outputs are missing."));
    }
}
