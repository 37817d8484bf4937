using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>
/// A view whose columns are computed from another's, row by row. ML.NET's export to ONNX asks it for its nodes; a view that it does not know it would
/// take for the data themselves, and make its columns inputs of the graph.
/// </summary>
/// <param name="source">The view before.</param>
internal abstract class OnnxView(IDataView source) : ITransformCanSaveOnnx
{
    /// <summary>The view before.</summary>
    public IDataView Source => source;

    /// <inheritdoc/>
    public abstract DataViewSchema Schema { get; }

    /// <inheritdoc/>
    public abstract bool CanShuffle { get; }

    /// <summary>Columns of <see cref="Source"/> that the nodes read.</summary>
    protected abstract IEnumerable<DataViewSchema.Column> OnnxInputs { get; }

    /// <inheritdoc/>
    public abstract long? GetRowCount();

    /// <inheritdoc/>
    public abstract DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null);

    /// <inheritdoc/>
    public abstract DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null);

    /// <summary>Throws where the columns cannot be expressed; ML.NET would go on without them.</summary>
    /// <exception cref="NotSupportedException">They cannot; the message names the column and what to do.</exception>
    protected abstract void CheckOnnx();

    /// <summary>Adds the nodes and the columns.</summary>
    protected abstract void SaveOnnx(OnnxPipeline pipeline);

    bool ICanSaveOnnx.CanSaveOnnx(OnnxContext ctx)
    {
        CheckOnnx();
        foreach (var column in OnnxInputs)
            if (Cut(ctx, column.Name) is { } step)
                throw new NotSupportedException(
                    $"Column '{column.Name}' is made by a step that ML.NET cannot convert to ONNX ({step.GetType().Name}), "
                    + "so the steps after it would read a column of the data instead. "
                    + "Convert from data that have the column already: mlContext.Data.Cache(...) of the view after that step.");
        return true;
    }

    void ISaveAsOnnx.SaveAsOnnx(OnnxContext ctx) => SaveOnnx(new OnnxPipeline(ctx));

    void ICanSaveModel.Save(ModelSaveContext ctx) => throw new NotSupportedException("Save the transformer, not the view that it has made.");

    // ML.NET leaves out the last step that it cannot convert and all before it, whatever they make of the data's columns. Steps that filter rows do no harm.
    private IDataView? Cut(OnnxContext ctx, string column)
    {
        var isCut = false;
        for (var step = source as IDataTransform; step is not null; step = step.Source as IDataTransform)
        {
            isCut = isCut || !(step is ITransformCanSaveOnnx exportable && exportable.CanSaveOnnx(ctx));
            if (isCut && !Columns(step).SequenceEqual(Columns(step.Source)))
                return step;
        }
        return null;

        IEnumerable<DataViewType> Columns(IDataView view) => view.Schema.Where(candidate => candidate.Name == column).Select(candidate => candidate.Type);
    }
}
