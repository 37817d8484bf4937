using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Search;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Classifies embeddings by their cosines to prototypes, one for each label. Make one with <c>mlContext.Transforms.ZeroShot(...)</c>.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Estimator Characteristics
/// |  |  |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No |
/// | Input column data type | Known-sized vector of <xref:System.Single> |
/// | Output column data type | Scores: known-sized vector of <xref:System.Single> with a slot name for each label; predicted label: text |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.GentleClip |
/// | Exportable to ONNX | Yes |
/// ]]></format>
/// <para>A row whose embedding is absent (NaN in any slot, or an empty vector) gets NaN in every slot of its scores, and an empty label.</para>
/// </remarks>
public sealed class ZeroShotEstimator : IEstimator<ZeroShotTransformer>
{
    private readonly IHostEnvironment _environment;
    private readonly ZeroShotModel _model;

    internal ZeroShotEstimator(IHostEnvironment environment, ZeroShotModel model)
    {
        MlNetVersion.EnsureSupported();
        (_environment, _model) = (environment, model);
    }

    /// <summary>Binds the classifier to the columns; no row is read.</summary>
    /// <param name="input">Rows with embeddings.</param>
    /// <returns>The transformer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The embedding column is missing or of another type or size than the prototypes.</exception>
    public ZeroShotTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var transformer = new ZeroShotTransformer(_environment, _model);
        transformer.GetOutputSchema(input.Schema);
        return transformer;
    }

    /// <summary>The input's columns and those of the scores and of the predicted label.</summary>
    /// <param name="inputSchema">Shape of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException">The embedding column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        SchemaShapes.CheckFloatVector(inputSchema, "embedding", _model.EmbeddingColumn, _model.Classifier.Dimension);
        var columns = inputSchema.ToDictionary(column => column.Name);
        columns[_model.ScoreColumn] = SchemaShapes.FloatVectorWithSlotNames(_model.ScoreColumn);
        columns[_model.PredictedLabelColumn] = SchemaShapes.Scalar(_model.PredictedLabelColumn, TextDataViewType.Instance);
        return new SchemaShape(columns.Values);
    }
}
