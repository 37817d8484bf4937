using Microsoft.ML.Model.OnnxConverter;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>
/// A view that is read by one thread. ML.NET splits a row mapper's cursor among threads, in which a row no longer knows its
/// number, and hides what went wrong behind
/// another exception. For columns that cost next to nothing the threads gain nothing.
/// </summary>
/// <param name="view">Of <see cref="AppendedColumns.View"/>, which writes its own nodes in ML.NET's export to ONNX.</param>
internal sealed class SequentialView(IDataView view) : ITransformCanSaveOnnx
{
    private readonly ITransformCanSaveOnnx _steps = (ITransformCanSaveOnnx)view;

    /// <summary>The view before.</summary>
    public IDataView Source => _steps.Source;

    /// <inheritdoc/>
    public bool CanShuffle => view.CanShuffle;

    /// <inheritdoc/>
    public DataViewSchema Schema => view.Schema;

    /// <inheritdoc/>
    public long? GetRowCount() => view.GetRowCount();

    /// <inheritdoc/>
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        view.GetRowCursorSet(columnsNeeded, 1, rand)[0];

    /// <inheritdoc/>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    bool ICanSaveOnnx.CanSaveOnnx(OnnxContext ctx) => _steps.CanSaveOnnx(ctx);

    void ISaveAsOnnx.SaveAsOnnx(OnnxContext ctx) => _steps.SaveAsOnnx(ctx);

    void ICanSaveModel.Save(ModelSaveContext ctx) => throw new NotSupportedException("Save the transformer, not the view that it has made.");
}
