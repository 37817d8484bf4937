using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Search;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Appends what a <see cref="ModalityMatcher"/> finds for each row, or its translation into the other modality's input. Make one with
/// <c>mlContext.Transforms.MatchModalities(...)</c> or <c>mlContext.Transforms.TranslateModality(...)</c>.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Estimator Characteristics
/// |  |  |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No |
/// | Input column data type | Known-sized vector of <xref:System.Single> |
/// | Output column data type | Matching: the types that `MatchModalities` lists. Translation: known-sized vector of <xref:System.Single> |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.GentleClip |
/// | Exportable to ONNX | No |
/// ]]></format>
/// </remarks>
public sealed class ModalityMatcherEstimator : IEstimator<ModalityMatcherTransformer>
{
    private readonly IHostEnvironment _environment;
    private readonly ModalityMatcherModel _model;

    internal ModalityMatcherEstimator(IHostEnvironment environment, ModalityMatcherModel model)
    {
        MlNetVersion.EnsureSupported();
        (_environment, _model) = (environment, model);
    }

    /// <summary>Binds the matcher to the column; no row is read.</summary>
    /// <param name="input">Rows with embeddings.</param>
    /// <returns>The transformer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The embedding column is missing or of another type or size than the bank's.</exception>
    public ModalityMatcherTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var transformer = new ModalityMatcherTransformer(_environment, _model);
        transformer.GetOutputSchema(input.Schema);
        return transformer;
    }

    /// <summary>The input's columns and those that are appended.</summary>
    /// <param name="inputSchema">Shape of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException">The embedding column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        SchemaShapes.CheckFloatVector(inputSchema, "embedding", _model.EmbeddingColumn, _model.Matcher.Dimension);
        var columns = inputSchema.ToDictionary(column => column.Name);
        foreach (var column in _model.TranslationColumn is { } translation
            ? [SchemaShapes.FloatVector(translation)]
            : MatchColumns.Types(_model.Matcher).Select(column => SchemaShapes.Scalar(column.Name, column.Type)))
            columns[column.Name] = column;
        return new SchemaShape(columns.Values);
    }
}
