using System.ComponentModel;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// A transformer that ML.NET saves and loads like its own, and that may show another view of the training rows to the
/// next estimator of a pipeline while that is fitted. What the library's transformers have in common; programs use <see cref="ITransformer"/>.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class SaveableTransformer : ITransformer, ITransformerWithDifferentMappingAtTrainingTime
{
    private protected SaveableTransformer()
    {
    }

    /// <inheritdoc/>
    public abstract bool IsRowToRowMapper { get; }

    /// <inheritdoc/>
    public abstract DataViewSchema GetOutputSchema(DataViewSchema inputSchema);

    /// <inheritdoc/>
    public abstract IDataView Transform(IDataView input);

    /// <inheritdoc/>
    public abstract IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema);

    /// <summary>What the next estimator sees while the pipeline is fitted.</summary>
    private protected abstract IDataView TransformForTraining(IDataView input);

    /// <summary>Writes the model's entries.</summary>
    private protected abstract void SaveModel(ModelWriter writer);

    /// <summary>Version of the model's format.</summary>
    private protected abstract ModelFormat Format { get; }

    IDataView ITransformerWithDifferentMappingAtTrainingTime.TransformForTrainingPipeline(IDataView input) => TransformForTraining(input);

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ArgumentNullException.ThrowIfNull(ctx);
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Format.ToVersionInfo());
        SaveModel(new ModelWriter(ctx));
    }
}
