using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>An estimator that changes nothing and remembers which rows it was fitted on.</summary>
internal sealed class RowCounter(MLContext mlContext, string nameColumn) : IEstimator<ITransformer>
{
    /// <summary>Names of the rows of the last Fit, in order.</summary>
    public string[] Fitted { get; private set; } = [];

    public ITransformer Fit(IDataView input)
    {
        Fitted = [.. input.GetColumn<string>(nameColumn)];
        return mlContext.Transforms.CopyColumns(nameColumn, nameColumn).Fit(input);
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => inputSchema;
}
